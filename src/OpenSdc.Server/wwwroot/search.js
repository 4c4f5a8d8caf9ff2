// Search: a form of the mission's words, a table, and lines to copy.
import { address, archive, ask, hasCredentials, json, may, Problem, stream } from "./api.js";
import { fill, h, labelled, quiet } from "./dom.js";
import { bytes, count, counted, day, nameOf, spaced, standard, time, viewOf } from "./format.js";
import { faultBox, go } from "./frame.js";
import { usualFamily } from "./products.js";
import { recipeBox, recipes } from "./recipes.js";
import { VirtualTable } from "./table.js";

const Most = 10000;

/** @type {Column<FileRecord>[]} */
const Columns = [
  { name: "file_path", title: "Name", sort: "file_path", width: "minmax(var(--longest, 40ch), 1fr)", cell: file => h("a", { href: viewOf(file.file_path), tabIndex: -1, class: file.integrity ? "harmed" : null }, nameOf(file.file_path)) },
  { name: "instrument", title: "Instrument", width: "11ch", cell: file => file.instrument },
  { name: "data_level", title: "Level", width: "7ch", cell: file => file.data_level },
  { name: "descriptor", title: "Descriptor", width: "22ch", cell: file => file.descriptor },
  { name: "start_date", title: "Day", sort: "start_date", width: "10ch", cell: file => day(file.start_date) },
  { name: "end_date", title: "Last day", width: "11ch", cell: file => day(file.end_date) },
  { name: "version", title: "Version", sort: "version", width: "10ch", cell: file => file.version },
  { name: "size", title: "Size", sort: "size", numeric: true, width: "8ch", cell: file => bytes(file.size) },
  { name: "ingestion_date", title: "Arrived", sort: "ingestion_date", width: "19.5ch", cell: file => time(file.ingestion_date) },
  { name: "seq", title: "Change", sort: "seq", numeric: true, width: "9ch", cell: file => count(file.seq) },
  { name: "repointing", title: "Repointing", numeric: true, width: "11ch", cell: file => file.repointing },
  { name: "cr", title: "Rotation", numeric: true, width: "9ch", cell: file => file.cr },
  { name: "extension", title: "Type", width: "7ch", cell: file => file.extension },
  { name: "sha256", title: "SHA-256", width: "66ch", cell: file => file.sha256 },
  { name: "integrity", title: "Bytes", width: "9ch", cell: file => file.integrity ?? "" },
  { name: "released", title: "Released", width: "9ch", cell: file => file.released === false ? "no" : "yes" },
];

const Usual = ["file_path", "start_date", "version", "size", "ingestion_date", "seq"];

const DateHint = "YYYY-MM-DD";

/** Fields under the facets: parameter, label, what may be written. */
const Fields = [
  ["start_date", "First day, from", DateHint],
  ["end_date", "First day, to", DateHint],
  ["version", "Version", "v001, * for all"],
  ["repointing", "Repointing", "2"],
  ["cr", "Rotation", "2290"],
  ["ingestion_start_date", "Arrived, from", DateHint],
  ["ingestion_end_date", "Arrived, to", DateHint],
];

const More = [
  ["overlaps", "Days overlap", "20260101-20260131"],
  ["filename", "File names", "names, with commas"],
  ["file_path", "Paths", ""],
  ["sha256", "SHA-256", ""],
  ["major_version", "Major version", "1"],
  ["minor_version", "Minor version", "2"],
  ["integrity", "Bytes", "lost, damaged"],
  ["released", "Released", "true or false"],
  ["crid", "Composite release", ""],
  ["current", "Current", "true or false"],
  ["since_seq", "Since change", "100"],
  ["as_of", "As of change", "100"],
];

/** @param {View} view */
export async function show({ main, parameters, signal, head }) {
  const filters = new URLSearchParams([...new Set(parameters.keys())].map(name => [name, parameters.getAll(name).join(",")]));
  filters.delete("cols");
  const about = await archive();
  // Who sees files that are not released is told which they are.
  const usual = !about.open && may(about, "read") ? [...Usual, "released"] : Usual;
  const shownNames = parameters.get("cols")?.split(",") ?? usual;
  const table = filters.get("table") ?? usualFamily(about);
  const families = about.families.filter(each => table === "*" || table.split(",").includes(each.name));
  const own = [...new Set(families.flatMap(each => each.fields))].filter(each => !standard.includes(each));
  const columns = [...Columns, ...own.map(name => ({ name, title: spaced(name), width: "14ch", cell: (/** @type {FileRecord} */ file) => file[name] }))];
  const shown = columns.filter(each => shownNames.includes(each.name));
  const sort = filters.get("sort") ?? "file_path";

  const summary = h("p", { role: "status" }, "Searching…");
  const note = quiet();
  const changed = h("button", { class: "small", hidden: true, onclick: () => go("search", parameters) }, "The archive has changed: search again");
  const rows = new VirtualTable("Files", by => change("sort", by === "file_path" ? "" : by), file => { location.hash = viewOf(file.file_path); });
  rows.reset(shown, sort);
  const words = h("div", { class: "words" });
  const chips = h("ul", { class: "chips", "aria-label": "Filters" });
  const side = h("form", { class: "filters", "aria-label": "Filters", onsubmit: e => { e.preventDefault(); readForm(side); } },
    h("h2", null, "Filters"),
    labelled("Family", h("select", { name: "table", id: "f-table", onchange: e => change("table", e.target.value) },
      [...about.families.map(each => each.name), "*"].map(each => h("option", { value: each === usualFamily(about) ? "" : each, selected: each === table }, each === "*" ? "all" : each)))),
    words,
    h("div", { class: "check" }, h("input", { type: "checkbox", id: "f-latest", checked: filters.get("latest") === "true", onchange: e => change("latest", e.target.checked ? "true" : "") }), h("label", { htmlFor: "f-latest" }, "Newest version only")),
    Fields.map(field),
    h("details", { open: [...More.map(each => each[0]), ...own].some(each => filters.has(each)) }, h("summary", null, "More"), More.map(field), own.map(name => field([name, spaced(name), ""]))),
    h("button", { class: "main" }, "Apply"));
  const exports = h("div", { class: "exports", role: "group", "aria-label": "Exports" }, [["csv", "CSV"], ["sha256sum", "Manifest"], ["urls", "URL list"]].map(([format, text]) => exportLink(filters, format, text)));
  fill(main,
    h("h1", { class: "offscreen" }, "Search"),
    side,
    h("section", { class: "results", "aria-label": "Files found" },
      h("div", { class: "bar" }, summary, changed, exports, may(about, "release") && releases(), columnChoice()),
      chips, note, rows.element,
      recipeBox("The same search as code", recipes(filters))));
  fill(chips, [...filters].filter(([name]) => name !== "sort").map(([name, value]) => h("li", null,
    h("button", { class: "small", "aria-label": `Remove ${spaced(name)} ${value}`, onclick: () => change(name, "") }, `${spaced(name)}: ${value} `, h("span", { "aria-hidden": "true" }, "×")))));

  head.addEventListener("change", () => { changed.hidden = false; }, { signal });
  await Promise.all([list(), showWords().catch(pass)]);

  async function list() {
    let longest = 40;
    try {
      await stream({ ...Object.fromEntries(filters), limit: Most, count: true }, signal, headers => {
        const total = Number(headers.get("OpenSDC-Count"));
        rows.count(total);
        fill(summary, h("b", null, counted(total, "file")), total > Most ? `, the first ${count(Most)} of them below; exports have all` : "");
        if (total === 0) note.append("No file has all of this. Take a filter away, or look in all families.");
        if (headers.has("OpenSDC-Default-Versions")) note.append("Only the highest major version of each series. ", h("button", { class: "small", onclick: () => change("version", "*") }, "Show all versions"));
      }, some => {
        // The widest name is the column's width: each row is a grid of its own.
        longest = Math.min(80, Math.max(longest, ...some.map(each => nameOf(each.file_path).length)));
        rows.element.style.setProperty("--longest", `${longest}ch`);
        rows.add(some);
      });
    } catch (fault) {
      if (signal.aborted) return;
      fill(summary);
      rows.element.hidden = true;
      note.replaceWith(faultBox(fault, fault instanceof Problem && fault.status === 400 ? undefined : () => go("search", parameters)));
    }
  }

  async function showWords() {
    const meant = new URLSearchParams(filters);
    meant.delete("sort");
    const counts = (/** @type {URLSearchParams} */ of) => json("facets", Object.fromEntries(of), { signal }).then((/** @type {Facets} */ { facets }) => facets);
    const sums = await counts(meant);
    const names = Object.keys(sums);
    // A filtered field's other values are told without its own filter.
    const open = await Promise.all(names.map(async name => {
      if (name === "start_year" || !meant.get(name)) return sums[name];
      const others = new URLSearchParams(meant);
      others.delete(name);
      return (await counts(others))[name];
    }));
    if (signal.aborted) return;
    fill(words, names.map((name, i) => facet(name, open[i])));
  }

  /** @param {string} name @param {FacetValue[]} values */
  function facet(name, values) {
    const chosen = new Set((filters.get(name) ?? "").split(",").filter(each => each));
    const named = values.filter(each => each.value !== null);
    if (named.length === 0) return null;
    for (const value of chosen) if (!named.some(each => each.value === value)) named.unshift({ value, files: 0, bytes: 0 });
    return h("details", { open: name !== "start_year" && (named.length <= 14 || chosen.size > 0) },
      h("summary", null, name === "start_year" ? "year" : spaced(name), " ", h("span", { class: "quiet" }, count(named.length))),
      h("ul", { class: "facet" }, named.map(each => {
        const value = /** @type {string} */ (each.value);
        if (name === "start_year")
          return h("li", null, h("button", { class: "link", onclick: () => go("search", withed({ start_date: `${value}0101`, end_date: `${value}1231` })) }, value), h("span", { class: "n" }, count(each.files)));
        const id = `w-${name}-${value}`;
        return h("li", null,
          h("input", { type: "checkbox", id, checked: chosen.has(value), onchange: () => change(name, [...(chosen.has(value) ? [...chosen].filter(one => one !== value) : [...chosen, value])].join(",")) }),
          h("label", { htmlFor: id }, value), h("span", { class: "n" }, count(each.files)));
      })));
  }

  /** @param {string[]} of */
  function field([name, title, hint]) {
    const value = filters.get(name) ?? "";
    // Not the browser's own field for dates, which writes them as its language does.
    const isDate = hint === DateHint;
    return labelled(title, h("input", { name, id: `f-${name}`, type: "text", class: isDate ? "date" : null, value: isDate && /^\d{8}$/.test(value) ? day(value) : value, placeholder: hint, autocomplete: "off", spellcheck: false }));
  }

  /** @param {HTMLFormElement} form */
  function readForm(form) {
    /** @type {Record<string, string>} */
    const values = {};
    for (const input of form.querySelectorAll("input[name]")) {
      const { name, value } = /** @type {HTMLInputElement} */ (input);
      values[name] = input.classList.contains("date") ? value.trim().replaceAll("-", "") : value.trim();
    }
    go("search", withed(values));
  }

  /** @param {Record<string, string>} values */
  function withed(values) {
    const next = new URLSearchParams(parameters);
    for (const [name, value] of Object.entries(values)) {
      if (value) next.set(name, value);
      else next.delete(name);
    }
    return next;
  }

  /** @param {string} name @param {string} value */
  function change(name, value) {
    go("search", withed({ [name]: value }));
  }

  /** All that the search finds is released, or taken back. */
  function releases() {
    const said = h("p", { role: "status" });
    const meant = new URLSearchParams(filters);
    meant.delete("sort");
    /** @param {string} path @param {string} text */
    const button = (path, text) => h("button", { onclick: async () => {
      try {
        const done = await (await ask(path, {}, { method: "POST", body: meant })).json();
        fill(said, `${counted(done.changed, "file")} of ${count(done.files)} changed.`);
      } catch (fault) {
        fill(said, faultBox(fault));
      }
    } }, text);
    return h("details", { class: "menu" }, h("summary", null, "Release"), h("div", null, h("p", null, "All files of this search:"), button("release", "Release them"), " ", button("unrelease", "Take the release back"), said));
  }

  function columnChoice() {
    return h("details", { class: "menu" }, h("summary", null, "Columns"),
      h("ul", null, columns.map(each => h("li", null, h("input", { type: "checkbox", id: `c-${each.name}`, checked: shownNames.includes(each.name), onchange: () => {
        const next = columns.filter(one => one.name === each.name ? !shownNames.includes(one.name) : shownNames.includes(one.name)).map(one => one.name);
        change("cols", next.join(",") === usual.join(",") ? "" : next.join(","));
      } }), h("label", { htmlFor: `c-${each.name}` }, each.title)))));
  }
}

/** @param {URLSearchParams} filters @param {string} format @param {string} text */
function exportLink(filters, format, text) {
  const url = address("query", { ...Object.fromEntries(filters), format });
  return h("a", { class: "button", href: url.href, download: "", onclick: async event => {
    // A link brings no key.
    if (!hasCredentials()) return;
    event.preventDefault();
    const answer = await ask("query", { ...Object.fromEntries(filters), format });
    const name = /filename="?([^";]+)/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? `opensdc-query.${format}`;
    save(await answer.blob(), name);
  } }, text);
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** The list says what is wrong with the filters; the counts beside it need not. @param {unknown} fault */
function pass(fault) {
  if (!(fault instanceof Problem) && !(fault instanceof DOMException)) throw fault;
}
