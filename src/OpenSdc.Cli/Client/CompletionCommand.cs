using System.CommandLine;

namespace OpenSdc.Cli.Client;

/// <summary>
/// <c>sdc completion SHELL</c>: writes what a shell needs to complete commands and options. The program itself
/// answers what can follow.
/// </summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # bash: source <(sdc completion bash)
        _sdc() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$(sdc "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2> /dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _sdc sdc
        """;

    private const string Zsh = """
        #compdef sdc
        # zsh: source <(sdc completion zsh), after compinit
        _sdc() {
            local -a words_of_sdc
            words_of_sdc=("${(@f)$(sdc "[suggest:${#BUFFER}]" "${BUFFER}" 2> /dev/null)}")
            compadd -a words_of_sdc || _files
        }
        # As a file _sdc of $fpath it is the function itself; sourced, it only makes it known.
        if [ "${funcstack[1]}" = _sdc ]; then _sdc "$@"; else compdef _sdc sdc; fi
        """;

    private const string Fish = """
        # fish: sdc completion fish | source
        complete -c sdc -a '(set -l line (commandline -cp); sdc "[suggest:"(string length -- "$line")"]" "$line" 2> /dev/null)'
        """;

    private const string PowerShell = """
        # PowerShell: sdc completion pwsh | Out-String | Invoke-Expression
        Register-ArgumentCompleter -Native -CommandName sdc -ScriptBlock {
            param($word, $line, $position)
            sdc "[suggest:$position]" "$line" 2> $null | Where-Object { $_ -like "$word*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
        }
        """;

    public static Command Make()
    {
        var command = new Command("completion", """
            Write the completion of commands and options for a shell.

            Example, in ~/.bashrc:
              source <(sdc completion bash)
            """);
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh, fish or pwsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish", "pwsh");
        command.Add(shell);
        command.SetAction(async (parsed, _) =>
        {
            await Console.Out.WriteLineAsync(parsed.GetValue(shell) switch { "bash" => Bash, "zsh" => Zsh, "fish" => Fish,
                _ => PowerShell });
            return ExitCode.Done;
        });
        return command;
    }
}
