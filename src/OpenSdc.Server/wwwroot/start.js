// The start: a search box, the products with their days, what has just arrived.
import { archive, ask, coverage, query } from "./api.js";
import { fill, h, quiet } from "./dom.js";
import { ago, count, counted, day, dayNumber, dayText, instant, nameOf, spaced, time, today, viewOf } from "./format.js";
import { go, hrefOf } from "./frame.js";
import { filesOf, filtersOf, groupOf, idOf, meaningOf, monthsOf, products } from "./products.js";
import { axis, dayAt, filesByDay, strip, stripLabel } from "./strip.js";


const Spans = { "90": "90 days", "365": "1 year", all: "All" };
const Shown = 40;

/** @param {View} view */
export async function show({ main, parameters, signal, head }) {
  const input = h("input", {
    type: "search", name: "q", id: "q", autocomplete: "off", spellcheck: false, value: parameters.get("q") ?? "", placeholder: "A name or part of it, a product, a day",
    "aria-describedby": "q-help",
  });
  const found = h("p", { id: "q-help", role: "status" });
  const form = h("form", { class: "find", role: "search", onsubmit: submit }, h("label", { for: "q", class: "offscreen" }, "Search the archive"), input, h("button", null, "Search"), found);
  const cards = h("section", { class: "products", "aria-label": "Products" });
  const arrivals = h("aside", { "aria-label": "What arrived" });
  fill(main, h("h1", { class: "offscreen" }, "What the archive holds"), form, cards, arrivals);
  fill(cards, quiet("Reading what there is of each day…"));

  const words = Promise.all([products(signal), archive()]);
  const arrived = showArrivals();
  arrived.catch(() => { /* It is waited for below. */ });
  const [all, about] = await words;
  if (signal.aborted) return;
  help();
  input.addEventListener("input", help);
  await Promise.all([showProducts(all), arrived]);

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    // Who types faster than the products come waits for them.
    const [known, about] = await words;
    const { name, parameters: asked } = meaningOf(input.value, known, about);
    if (name) location.hash = viewOf(name);
    else go("search", new URLSearchParams(asked));
  }

  function help() {
    const text = input.value.trim();
    if (!text) {
      const some = all.find(each => each.data_level && each.first);
      fill(found, "Such as ", ...[some && `${some.instrument} ${some.data_level} ${some.descriptor}`, some?.last && day(some.last), some && `${some.instrument}*${some.extension}`]
        .filter(each => each).flatMap((each, i) => [i > 0 && ", ", h("a", { href: hrefOf("search", meaningOf(/** @type {string} */ (each), all, about).parameters) }, each)]));
      return;
    }
    const { name, parameters: asked } = meaningOf(text, all, about);
    fill(found, name ? `Opens the file ${name}` : "Finds " + (Object.entries(asked).map(([field, value]) => `${spaced(field)} ${value}`).join(", ") || "all files"));
  }

  /** @param {Product[]} all */
  async function showProducts(all) {
    if (all.length === 0) {
      fill(cards, h("div", { class: "empty" }, h("h2", null, "The archive is empty"), h("p", null, "Drop files on ", h("a", { href: "#/upload" }, "the upload page"), ", or send them as ", h("a", { href: "docs" }, "the API"), " describes.")));
      return;
    }
    const span = parameters.get("span") ?? "365";
    const { first: oldest, last: newest } = monthsOf(all);
    const last = newest ? Math.min(lastOfMonth(newest), Math.max(dayNumber(today()), dayNumber(newest + "01"))) : dayNumber(today());
    const first = span === "all" && oldest ? dayNumber(oldest + "01") : last - (span === "all" ? 365 : Number(span) || 365) + 1;
    const days = await coverage({ table: "*", start_date: dayText(first), end_date: dayText(last) }, signal);
    if (signal.aborted) return;
    /** @type {Map<string, Period[]>} */
    const ofProduct = Map.groupBy(days, idOf);
    /** @type {Map<string, Product[]>} */
    const groups = Map.groupBy(all, groupOf);
    const tip = h("output", { class: "tip", hidden: true });
    fill(cards,
      h("div", { class: "bar" },
        h("h2", null, counted(all.length, "product")),
        h("p", { class: "legend" }, "files a day ", ...["none", "1", "2 to 3", "more"].map((text, i) => h("span", null, h("i", { class: `q${i}` }), text))),
        h("p", { class: "choice", role: "group", "aria-label": "Span of days" }, Object.entries(Spans).map(([value, text]) =>
          h("a", { href: `#/?span=${value}`, "aria-current": value === span ? "true" : null }, text)))),
      h("div", { class: "axisrow" }, axis(first, last)),
      [...groups].map(([group, members]) => card(group, members, ofProduct, first, last, tip)),
      tip);
  }

  /** @param {string} group @param {Product[]} members @param {Map<string, Period[]>} periods @param {number} first @param {number} last @param {HTMLOutputElement} tip */
  function card(group, members, periods, first, last, tip) {
    const files = members.reduce((sum, each) => sum + each.files, 0);
    return h("article", { class: "card", "aria-label": group },
      h("h3", null, h("a", { href: searchOfGroup(group, members) }, group)),
      quiet(`${counted(files, "file")}, ${counted(members.length, "product")}`),
      h("ul", null, members.map(product => {
        const byDay = filesByDay(periods.get(product.id) ?? []);
        const label = product.first ? stripLabel(byDay, first, last) : "names of this product have no date";
        const line = strip(byDay, first, last, label);
        line.addEventListener("pointermove", event => {
          const at = dayAt(event, line, first, last);
          tip.hidden = false;
          tip.textContent = `${day(dayText(at))}: ${counted(byDay.get(at) ?? 0, "file")}`;
          tip.style.left = `${event.clientX}px`;
          tip.style.top = `${line.getBoundingClientRect().top}px`;
        });
        line.addEventListener("pointerleave", () => { tip.hidden = true; });
        line.addEventListener("click", event => {
          const at = dayText(dayAt(event, line, first, last));
          location.hash = filesOf(product, at);
        });
        return h("li", null,
          h("a", { href: product.first ? hrefOf("coverage", filtersOf(product)) : hrefOf("search", filtersOf(product)) },
            h("span", { class: "level" }, product.data_level ?? (product.family === group ? "" : product.family.slice(0, 3))),
            h("span", { class: "what" }, product.descriptor ?? ""), " ", h("span", { class: "ext" }, product.extension)),
          product.first ? line : h("span", { class: "strip undated" }, "no dates"),
          h("span", { class: "n" }, count(product.files)));
      })));
  }

  async function showArrivals() {
    const heading = h("h2", null, "Arrived");
    const lead = quiet();
    const list = h("ol", { class: "arrivals" });
    fill(arrivals, heading, lead, list);
    const shown = new Set();
    await read(false);
    const onChange = () => { read(true).catch(() => { /* The header says that there is no connection. */ }); };
    head.addEventListener("change", onChange, { signal });
    const timer = setInterval(() => list.querySelectorAll("time").forEach(each => { each.textContent = ago(Date.now() - Date.parse(each.dateTime)); }), 30000);
    signal.addEventListener("abort", () => clearInterval(timer));

    /** @param {boolean} isLive */
    async function read(isLive) {
      const yesterday = dayText(dayNumber(today()) - 1);
      const [newest, { headers }] = await Promise.all([
        query({ table: "*", sort: "-seq", limit: Shown }, signal),
        ask("query", { table: "*", version: "*", ingestion_start_date: today(), count: true }, { method: "HEAD", signal }),
      ]);
      if (signal.aborted) return;
      fill(lead, h("a", { href: hrefOf("search", { table: "*", version: "*", ingestion_start_date: today(), sort: "-seq" }) }, `${counted(Number(headers.get("OpenSDC-Count")), "file")} today`), ", ",
        h("a", { href: hrefOf("search", { table: "*", version: "*", ingestion_start_date: yesterday, sort: "-seq" }) }, "since yesterday"), ", UTC");
      fill(list, newest.map(file => {
        const at = instant(file.ingestion_date);
        const isNew = isLive && !shown.has(file.seq);
        shown.add(file.seq);
        return h("li", { class: isNew ? "new" : null },
          h("a", { href: viewOf(file.file_path) }, nameOf(file.file_path)),
          h("time", { dateTime: new Date(at).toISOString(), title: time(file.ingestion_date) + " UTC" }, ago(Date.now() - at)));
      }));
    }
  }
}

/** @param {string} month */
const lastOfMonth = month => Date.UTC(+month.slice(0, 4), +month.slice(4, 6), 1) / 86400000 - 1;

/** @param {string} group @param {Product[]} members */
function searchOfGroup(group, members) {
  const families = new Set(members.map(each => each.family));
  const table = families.size > 1 ? "*" : [...families][0] === "science" ? null : [...families][0];
  return hrefOf("search", { instrument: members[0].instrument ? group : null, table });
}
