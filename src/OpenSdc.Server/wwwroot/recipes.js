// The same search as lines to paste into a terminal or a program.
import { address, secret } from "./api.js";
import { copyButton, h } from "./dom.js";

/** @param {string} title @param {{ name: string, text: string }[]} lines */
export const recipeBox = (title, lines) => h("details", { class: "recipes" }, h("summary", null, title), lines.map(each => h("div", null, h("h3", null, each.name, " ", copyButton(each.text)), h("pre", { tabIndex: 0 }, each.text))));

/** A word for a POSIX shell. @param {string} text */
export const shell = text => /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** curl's option for who is signed in. */
export function curlKey() {
  const own = secret();
  return own ? ` -H "${own.name}: ${own.lead}$${own.variable}"` : "";
}

/** What sdc needs for who is signed in. */
export const sdcKey = () => secret() ? `# with the variable ${secret()?.variable} set\n` : "";

/** Options of sdc; other parameters are written as --where. */
const options = new Set(["table", "instrument", "data_level", "descriptor", "start_date", "end_date", "ingestion_start_date", "ingestion_end_date", "version", "repointing", "cr", "extension", "filename"]);

/** A value may begin with a hyphen. @param {string} name @param {string} value */
const optionOf = (name, value) => name === "latest" && value === "true" ? "--latest" : options.has(name) ? `--${name.replaceAll("_", "-")}=${shell(value)}` : `--where=${shell(`${name}=${value}`)}`;

/** @param {URLSearchParams} filters The parameters that say which files are meant, and their order. @returns {{ name: string, text: string }[]} */
export function recipes(filters) {
  const plain = address("query"), own = secret();
  plain.search = filters.toString().replaceAll("%2C", ",").replaceAll("%2A", "*");
  const url = plain.href;
  const join = plain.search ? "&" : "?";
  const archive = address("").href.replace(/\/$/, "");
  return [
    { name: "curl", text: `curl -s${curlKey()} ${shell(url)}` },
    { name: "sdc", text: `${sdcKey()}sdc query --url ${shell(archive)} ${[...filters].map(([name, value]) => optionOf(name, value)).join(" ")}`.trim() },
    { name: "Python", text: `import ${own ? "os, " : ""}requests\nfiles = requests.get(${JSON.stringify(archive + "/query")}, params=${JSON.stringify(Object.fromEntries(filters))}${own ? `, headers={"${own.name}": ${own.lead && `"${own.lead}" + `}os.environ["${own.variable}"]}` : ""}).json()` },
    { name: "wget", text: `curl -s${curlKey()} ${shell(url + join + "format=urls")} | wget --content-disposition -i -\ncurl -s${curlKey()} ${shell(url + join + "format=sha256sum")} | sha256sum -c --quiet` },
  ];
}
