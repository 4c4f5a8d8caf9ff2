// One file: its record, versions, history, digest, bytes, picture.
import { address, archive, ask, base, coverage, hasCredentials, json, may, Problem, query, signedUrl } from "./api.js";
import { copyButton, facts, fill, h, labelled, section, table } from "./dom.js";
import { bytes, count, day, nameOf, spaced, standard, time, viewOf } from "./format.js";
import { clean, faultBox, hrefOf } from "./frame.js";
import { filesOf, filtersOf } from "./products.js";
import { curlKey, recipeBox, sdcKey, shell } from "./recipes.js";


const Pictures = /\.(png|jpe?g|gif|webp)$/i;

/** @param {View} view */
export async function show({ main, rest: name, signal, head }) {
  const known = await read(name, signal), { file, changes, series } = known;
  if (signal.aborted) return;
  head.addEventListener("change", async () => {
    const now = await read(name, signal).catch(() => known /* The header tells that there is no connection. */);
    if (!signal.aborted && JSON.stringify(now) !== JSON.stringify(known)) again();
  }, { signal });
  const past = changes.length > 0 && section("History", history(changes));
  if (!file) {
    fill(main, h("h1", { class: "filename" }, name), await absence(name, signal), past);
    return;
  }
  const about = await archive();
  const newest = series[0] ?? file;
  const picture = h("figure", { class: "picture", hidden: true });
  const link = h("a", { class: "button main", href: address(`download/${encodeURIComponent(name)}`).href, download: "", onclick: download }, `Download, ${bytes(file.size)}`);
  const product = { ...file, family: known.family };
  fill(main,
    h("h1", { class: "filename" }, name),
    marks(file, newest, about.open),
    h("div", { class: "bar" }, file.integrity ? h("span", { class: "quiet" }, "Its bytes cannot be fetched.") : link,
      file.start_date && h("a", { href: hrefOf("coverage", filtersOf(product)) }, "Coverage of this product"),
      h("a", { href: filesOf(product, file.start_date) }, "Files of this product and day"), deeds(file, name, about)),
    h("div", { class: "twocolumns" },
      section("Record", record(file, known.family)),
      h("section", null, picture, h("h2", null, `Versions of this series: ${count(series.length)}`), versions(series, name), past)),
    recipeBox("The same as code", codes(name, file)));
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

/** What the archive knows of a name. @param {string} name @param {AbortSignal} signal */
async function read(name, signal) {
  // A name that is none of the mission is told by the download.
  const asked = [query({ filename: name }, signal), json("changes", { filename: name }, { signal })].map(each => each.catch(fault => {
    if (fault instanceof Problem && fault.status === 400) return [];
    throw fault;
  }));
  const [files, changes] = await Promise.all(name ? asked : []);
  /** @type {FileRecord | undefined} */
  const file = files?.[0];
  // The record does not tell its family; its product does.
  const family = file ? (await coverage({ table: "*", filename: name, version: "*" }, signal))[0].family : "";
  return { file, changes: /** @type {Change[]} */ (changes ?? []), family, series: file ? await seriesOf(file, family, signal) : [] };
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
      status !== 410 && h("p", null, status === 404 ? "No file of this name is in the archive, or it is not open to you." : problem.message),
      status === 410 && facts([["Reason", body?.reason], ["Withdrawn", body?.withdrawn && `${time(body.withdrawn)} UTC`], ["Instead", other && h("a", { href: viewOf(other) }, nameOf(other))]]),
      problem.errors.length > 0 && h("ul", null, problem.errors.map(each => h("li", null, each))),
      status === 410 && admin && deed("Restore it", "restore-file", { filename: name }),
      h("p", null, h("a", { href: "#/search" }, "Search the archive")));
  }
}

const again = () => dispatchEvent(new Event("hashchange"));

/** A button that changes something, and shows the view anew, or what was wrong. @param {string} text @param {string} path @param {Record<string, string>} body */
function deed(text, path, body) {
  const said = h("span");
  return h("span", null, h("button", { "data-deed": path, onclick: () => ask(path, {}, { method: "POST", body: new URLSearchParams(body) }).then(again, problem => fill(said, faultBox(problem))) }, text), said);
}

/** What who may can do with the file. @param {FileRecord} file @param {string} name @param {Archive} about */
function deeds(file, name, about) {
  const isKnown = about.caller !== undefined && about.caller.name !== "anyone";
  const reason = h("input", { id: "reason", required: true }), other = h("input", { id: "other", placeholder: "a file's name" });
  const said = h("div");
  return [
    may(about, "release") && (file.released ? deed("Take the release back", "unrelease", { filename: name }) : deed("Release", "release", { filename: name })),
    (may(about, "admin") || may(about, "upload") && isKnown) && h("details", null, h("summary", null, "Withdraw"), h("form", { class: "keyform", onsubmit: event => {
      event.preventDefault();
      ask("withdraw", {}, { method: "POST", body: new URLSearchParams({ filename: name, reason: reason.value, ...clean({ superseded_by: other.value.trim() }) }) }).then(again, problem => fill(said, faultBox(problem)));
    } }, labelled("Reason, which everybody reads", reason), labelled("Instead", other), h("button", null, "Withdraw the file")), said),
  ];
}

/** Members that differ between the files of a series. */
const Differing = ["file_path", "version", "major_version", "minor_version", "end_date", "end_time", "size", "sha256", "ingestion_date", "seq", "integrity", "released", "crid"];

/** @param {FileRecord} file @param {string} family @param {AbortSignal} signal */
async function seriesOf(file, family, signal) {
  const some = await query({ ...filtersOf({ ...file, family }), start_date: file.start_date, end_date: file.start_date, repointing: file.repointing, cr: file.cr, version: "*", sort: "-version", limit: 1000 }, signal);
  return some.filter(each => Object.keys(file).every(field => Differing.includes(field) || (each[field] ?? null) === (file[field] ?? null)));
}

/** @param {FileRecord} file @param {FileRecord} newest @param {boolean} [isOpen] */
function marks(file, newest, isOpen) {
  return h("ul", { class: "marks" },
    newest.seq === file.seq ? h("li", { class: "good" }, "newest version") : h("li", null, "superseded by ", h("a", { href: viewOf(newest.file_path) }, newest.version ?? nameOf(newest.file_path))),
    file.integrity && h("li", { class: "bad" }, file.integrity === "lost" ? "bytes lost" : "bytes damaged"),
    file.released === false ? h("li", { class: "bad" }, "not released") : !isOpen && h("li", { class: "good" }, "released"));
}

/** @param {FileRecord} file @param {string} family */
function record(file, family) {
  const own = Object.entries(file).filter(([name]) => !standard.includes(name));
  return facts([
    ["Path", file.file_path], ["Family", family], ["Instrument", file.instrument], ["Level", file.data_level], ["Descriptor", file.descriptor],
    ["Day", file.end_date && file.end_date !== file.start_date ? `${day(file.start_date)} to ${day(file.end_date)}` : day(file.start_date)],
    ["Repointing", file.repointing], ["Rotation", file.cr], ["Version", file.version], ["Type", file.extension],
    ["Size", `${count(file.size)} bytes`], ["SHA-256", [file.sha256, " ", copyButton(file.sha256)]], ["Arrived", `${time(file.ingestion_date)} UTC`], ["Change", count(file.seq)],
    ...own.map(([name, value]) => /** @type {[string, Child]} */ ([spaced(name), value])),
  ]);
}

/** @param {FileRecord[]} series @param {string} name */
function versions(series, name) {
  const made = table("Versions of this series, newest first", ["Version", "Arrived, UTC", "#Size", "SHA-256"], series.map(each =>
    [h("a", { href: viewOf(each.file_path) }, each.version ?? nameOf(each.file_path)), time(each.ingestion_date), bytes(each.size), `${each.sha256.slice(0, 12)}…`]));
  made.body.children[series.findIndex(each => nameOf(each.file_path) === name)]?.setAttribute("aria-current", "true");
  return made.element;
}

/** @type {Record<string, string>} */
const Deeds = {
  published: "published", adopted: "found in the store, and taken up", released: "released", unreleased: "the release was taken back", withdrawn: "withdrawn", restored: "given out again", purged: "its bytes were removed for good",
  lost: "its bytes were found lost", damaged: "its bytes were found damaged", sound: "its bytes were found sound again", superseded: "superseded by",
};

/** @param {Change[]} changes */
const history = changes => h("ol", { class: "history" }, changes.map(({ at, kind, seq, reason, superseded_by: other }) => h("li", null,
  h("time", { title: `change ${count(seq)}` }, time(at)), h("span", null, Deeds[kind] ?? kind, reason && `: ${reason}`, other && [kind === "superseded" ? " " : " Instead: ", h("a", { href: viewOf(other) }, nameOf(other))]))));

/** @param {string} name @param {FileRecord} file */
function codes(name, file) {
  const key = curlKey(), word = shell(name);
  // A key goes to the archive alone, not to the store that a download may lead to.
  const get = key ? `curl -fo ${word} "$(curl -s${key} ${shell(address("query", { filename: name, format: "urls" }).href)})"` : `curl -fLo ${word} ${shell(address(`download/${encodeURIComponent(name)}`).href)}`;
  return [
    { name: "curl", text: `${get}\necho ${shell(`${file.sha256}  ${name}`)} | sha256sum -c` },
    { name: "sdc", text: `${sdcKey()}sdc download --url ${shell(base.href.replace(/\/$/, ""))} -- ${word}` },
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
