using System.CommandLine;
using OpenSdc.Cli;

var root = new RootCommand("OpenSDC: an open science data archive.") { ServeCommand.Make(), FsckCommand.Make() };
return await root.Parse(args).InvokeAsync();
