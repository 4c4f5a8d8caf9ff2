// One file: its record, the versions of its series, when what came, its digest, its bytes, a picture of it.
import { address, archive, ask, base, hasCredentials, may, Problem, query, signedUrl } from "./api.js";
import { copyButton, facts, fill, h } from "./dom.js";
import { bytes, count, day, nameOf, time, viewOf } from "./format.js";
import { clean, faultBox, hrefOf } from "./frame.js";
import { filtersOf } from "./products.js";
import { curlKey, sdcKey, shell } from "./recipes.js";

/** @typedef {import("./api.js").FileRecord} FileRecord */

const Pictures = /\.(png|jpe?g|gif|webp)$/i;

/** @param {import("./frame.js").View} view */
export async function show({ main, rest: name, signal, head }) {
  const [file] = name ? await query({ filename: name }, signal).catch(asNone) : [];
  if (signal.aborted) return;
  if (!file) {
    fill(main, h("h1", { class: "filename" }, name), await absence(name, signal));
    return;
  }
  const about = await archive();
  const family = await familyOf(file, signal);
  const series = await seriesOf(file, family.name, family.fields, signal);
  if (signal.aborted) return;
  const newest = series[0] ?? file;
  const picture = h("figure", { class: "picture", hidden: true });
  const link = h("a", { class: "button main", href: address(`download/${encodeURIComponent(name)}`).href, download: "", onclick: download }, `Download, ${bytes(file.size)}`);
  const product = { family: family.name, instrument: file.instrument, data_level: file.data_level, descriptor: file.descriptor, extension: file.extension };
  fill(main,
    h("h1", { class: "filename" }, name),
    marks(file, newest, about.open),
    h("div", { class: "bar" }, file.integrity ? h("span", { class: "quiet" }, "Its bytes cannot be fetched.") : link,
      file.start_date && h("a", { href: hrefOf("coverage", filtersOf(product)) }, "Coverage of this product"),
      h("a", { href: hrefOf("search", { ...filtersOf(product), start_date: file.start_date, end_date: file.start_date, version: "*" }) }, "Files of this product and day"), deeds(file, name, about)),
    h("div", { class: "twocolumns" },
      h("section", null, h("h2", null, "Record"), record(file, family.name, family.fields)),
      h("section", null, picture, h("h2", null, `Versions of this series: ${count(series.length)}`), versions(series, name), h("h2", null, "Publications"), history(file, series))),
    h("details", { class: "recipes" }, h("summary", null, "The same as code"), codes(name, file).map(each => h("div", null, h("h3", null, each.name, " ", copyButton(each.text)), h("pre", { tabIndex: 0 }, each.text)))));
  head.addEventListener("change", () => { show({ main, rest: name, parameters: new URLSearchParams(), signal, head }).catch(() => { /* The header tells. */ }); }, { signal, once: true });
  await showPicture(file, name, picture, signal);

  /** @param {Event} event */
  async function download(event) {
    // A link brings no key, so that the signed address is asked for.
    if (!hasCredentials()) return;
    event.preventDefault();
    try {
      location.assign(await signedUrl(name));
    } catch (fault) {
      link.after(faultBox(fault));
    }
  }
}

/** A name that is none of the mission is told by the download. @param {unknown} fault @returns {FileRecord[]} */
function asNone(fault) {
  if (fault instanceof Problem && fault.status === 400) return [];
  throw fault;
}

/** Why there is no such file: withdrawn, never there, or no name at all. @param {string} name @param {AbortSignal} signal */
async function absence(name, signal) {
  try {
    await ask(`download/${encodeURIComponent(name)}`, {}, { signal, redirect: "manual" });
    return h("p", null, "The file arrived a moment ago. ", h("button", { onclick: again }, "Look again"));
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status === 0) throw problem;
    const { body, status } = problem, other = body?.superseded_by;
    const admin = may(await archive(), "admin");
    return h("div", { class: status === 410 ? "tombstone" : "empty" },
      h("h2", null, status === 410 ? "Withdrawn" : status === 404 ? "There is no such file" : "This is no name of the mission"),
      h("p", null, status === 404 ? "No file of this name is in the archive, or it is not open to you." : problem.message),
      status === 410 && facts([["Reason", body?.reason], ["Withdrawn", body?.withdrawn], ["Instead", other && h("a", { href: viewOf(other) }, nameOf(other))]]),
      problem.errors.length > 0 && h("ul", null, problem.errors.map(each => h("li", null, each))),
      status === 410 && admin && deed("Restore it", "restore-file", { filename: name }),
      h("p", null, h("a", { href: "#/search" }, "Search the archive")));
  }
}

const again = () => dispatchEvent(new Event("hashchange"));

/** A button that changes something, and shows the view anew, or what was wrong. @param {string} text @param {string} path @param {Record<string, string>} body */
function deed(text, path, body) {
  const said = h("span");
  return h("span", null, h("button", { onclick: () => ask(path, {}, { method: "POST", body: new URLSearchParams(body) }).then(again, problem => fill(said, faultBox(problem))) }, text), said);
}

/** What who may can do with the file. @param {FileRecord} file @param {string} name @param {import("./api.js").Archive} about */
function deeds(file, name, about) {
  const isKnown = about.caller !== undefined && about.caller.name !== "anyone";
  const reason = h("input", { id: "reason", required: true }), other = h("input", { id: "other", placeholder: "a file's name" });
  const said = h("div");
  return [
    may(about, "release") && (file.released ? deed("Take the release back", "unrelease", { filename: name }) : deed("Release", "release", { filename: name })),
    (may(about, "admin") || may(about, "upload") && isKnown) && h("details", null, h("summary", null, "Withdraw"), h("form", { class: "keyform", onsubmit: /** @param {Event} event */ event => {
      event.preventDefault();
      ask("withdraw", {}, { method: "POST", body: new URLSearchParams({ filename: name, reason: reason.value, ...clean({ superseded_by: other.value.trim() }) }) }).then(again, problem => fill(said, faultBox(problem)));
    } }, h("div", { class: "field" }, h("label", { htmlFor: "reason" }, "Reason, which everybody reads"), reason), h("div", { class: "field" }, h("label", { htmlFor: "other" }, "Instead"), other), h("button", null, "Withdraw the file")), said),
  ];
}

/** The family, which the record does not tell: the one whose files have this path. @param {FileRecord} file @param {AbortSignal} signal */
async function familyOf(file, signal) {
  const { families } = await archive();
  const found = await Promise.all(families.map(each => query({ table: each.name, file_path: file.file_path, fields: "file_path" }, signal).then(some => some.length > 0)));
  return families[found.indexOf(true)] ?? families[0];
}

/** @param {FileRecord} file @param {string} family @param {string[]} fields @param {AbortSignal} signal */
async function seriesOf(file, family, fields, signal) {
  const same = ["instrument", "data_level", "descriptor", "start_date", "repointing", "cr", "extension", ...fields.filter(each => !["version", "major_version", "minor_version", "end_date", "end_time"].includes(each))];
  const of = /** @type {Record<string, any>} */ (/** @type {unknown} */ (file));
  const some = await query({
    table: family, instrument: file.instrument, data_level: file.data_level, descriptor: file.descriptor, extension: file.extension,
    start_date: file.start_date, end_date: file.start_date, repointing: file.repointing, cr: file.cr, version: "*", sort: "-version", limit: 1000,
  }, signal);
  return some.filter(each => same.every(field => (/** @type {any} */ (each)[field] ?? null) === (of[field] ?? null)));
}

/** @param {FileRecord} file @param {FileRecord} newest @param {boolean} [isOpen] */
function marks(file, newest, isOpen) {
  return h("ul", { class: "marks" },
    newest.seq === file.seq ? h("li", { class: "good" }, "newest version") : h("li", null, "superseded by ", h("a", { href: viewOf(newest.file_path) }, newest.version ?? nameOf(newest.file_path))),
    file.integrity && h("li", { class: "bad" }, file.integrity === "lost" ? "bytes lost" : "bytes damaged"),
    file.released === false ? h("li", { class: "bad" }, "not released") : !isOpen && h("li", { class: "good" }, "released"));
}

/** @param {FileRecord} file @param {string} family @param {string[]} fields */
function record(file, family, fields) {
  const of = /** @type {Record<string, any>} */ (/** @type {unknown} */ (file));
  const known = ["file_path", "instrument", "data_level", "descriptor", "start_date", "end_date", "repointing", "cr", "version", "extension", "size", "sha256", "ingestion_date", "seq"];
  const own = [...new Set([...fields, ...Object.keys(of)])].filter(each => !known.includes(each) && of[each] !== undefined && of[each] !== null && !["major_version", "minor_version", "released", "crid"].includes(each));
  return facts([
    ["Path", file.file_path], ["Family", family], ["Instrument", file.instrument], ["Level", file.data_level], ["Descriptor", file.descriptor],
    ["Day", file.start_date && (file.end_date && file.end_date !== file.start_date ? `${day(file.start_date)} to ${day(file.end_date)}` : day(file.start_date))],
    ["Repointing", file.repointing], ["Rotation", file.cr], ["Version", file.version], ["Type", file.extension],
    ["Size", `${count(file.size)} bytes`], ["SHA-256", [file.sha256, " ", copyButton(file.sha256)]],
    ["Arrived", `${time(file.ingestion_date)} UTC`], ["Change", count(file.seq)],
    ...own.map(name => /** @type {[string, string]} */ ([name.replaceAll("_", " "), String(of[name])])),
  ]);
}

/** @param {FileRecord[]} series @param {string} name */
function versions(series, name) {
  return h("div", { class: "scroll" }, h("table", { class: "wide" }, h("caption", { class: "offscreen" }, "Versions of this series, newest first"),
    h("thead", null, h("tr", null, ["Version", "Arrived, UTC", "Size", "SHA-256"].map(each => h("th", { scope: "col", class: each === "Size" ? "num" : null }, each)))),
    h("tbody", null, series.map(each => h("tr", { "aria-current": nameOf(each.file_path) === name ? "true" : null },
      h("th", { scope: "row" }, h("a", { href: viewOf(each.file_path) }, each.version ?? nameOf(each.file_path))),
      h("td", null, time(each.ingestion_date)), h("td", { class: "num" }, bytes(each.size)), h("td", null, `${each.sha256.slice(0, 12)}…`))))));
}

/** @param {FileRecord} file @param {FileRecord[]} series */
function history(file, series) {
  const steps = series.map(each => ({ at: each.ingestion_date, seq: each.seq, text: each.seq === file.seq ? "this file was published" : each.seq < file.seq ? `${each.version} was published` : `${each.version} was published and follows it` }));
  return h("ol", { class: "history" }, steps.sort((a, b) => a.seq - b.seq).map(each => h("li", { "aria-current": each.seq === file.seq ? "true" : null }, h("time", null, time(each.at)), h("span", null, `change ${count(each.seq)}: ${each.text}`))));
}

/** @param {string} name @param {FileRecord} file */
function codes(name, file) {
  const key = curlKey(), word = shell(name);
  // A key goes to the archive alone, not to the store that a download may lead to.
  const get = key ? `curl -fo ${word} "$(curl -s${key} ${shell(address("query", { filename: name, format: "urls" }).href)})"` : `curl -fLo ${word} ${shell(address(`download/${encodeURIComponent(name)}`).href)}`;
  return [
    { name: "curl", text: `${get}\necho ${shell(`${file.sha256}  ${name}`)} | sha256sum -c` },
    { name: "sdc", text: `${sdcKey()}sdc download --url ${shell(base.href.replace(/\/$/, ""))} ${word}` },
  ];
}

/** The file itself where it is a picture; otherwise a quicklook of the same product and day. @param {FileRecord} file @param {string} name @param {HTMLElement} into @param {AbortSignal} signal */
async function showPicture(file, name, into, signal) {
  let shown = Pictures.test(name) && !file.integrity ? name : null;
  if (!shown && file.start_date && file.instrument && (await archive()).families.some(each => each.name === "quicklook")) {
    const looks = await query({ table: "quicklook", instrument: file.instrument, data_level: file.data_level, descriptor: file.descriptor, start_date: file.start_date, end_date: file.start_date, latest: true }, signal).catch(() => []);
    const look = looks.find(each => Pictures.test(each.file_path));
    shown = look ? nameOf(look.file_path) : null;
  }
  if (!shown || signal.aborted) return;
  const url = await signedUrl(shown, signal).catch(() => "");
  if (!url) return;
  fill(into, h("img", { src: url, alt: `Quicklook ${shown}`, onerror: () => { into.hidden = true; } }), shown !== name && h("figcaption", null, h("a", { href: viewOf(shown) }, shown)));
  into.hidden = false;
}
