// Coverage: all products by month; one as a calendar, its latency, and a table.
import { archive, coverage, may } from "./api.js";
import { fill, h, quiet, s, table } from "./dom.js";
import { bytes, count, counted, day, dayNumber, dayText, instant, monthNames, time } from "./format.js";
import { hrefOf } from "./frame.js";
import { filesOf, filtersOf, groupOf, monthsOf, products, usualFamily } from "./products.js";
import { axis, filesByDay, gapsOf, stripLabel } from "./strip.js";


/** What is known of the product that is shown. @typedef {{ product: Product, days: Period[], files: Map<number, number>, unreleased: Map<number, number>, first: number, last: number, most: number }} Known */

const Cell = 13;
const Weekdays = ["Mon", "", "Wed", "", "Fri", "", "Sun"];

/** @param {View} view */
export async function show({ main, parameters, signal, head }) {
  const all = await products(signal);
  if (signal.aborted) return;
  const wanted = (/** @type {const} */ (["instrument", "data_level", "descriptor", "extension"])).filter(each => parameters.has(each));
  const family = parameters.get("table") ?? usualFamily(await archive());
  const chosen = wanted.length === 0 && !parameters.has("table") ? null
    : all.find(each => each.family === family && wanted.every(field => (each[field] ?? "") === parameters.get(field)) && each.first);
  const choice = h("select", { id: "product", onchange: e => {
    const product = all.find(each => each.id === e.target.value);
    location.hash = hrefOf("coverage", product ? filtersOf(product) : {});
  } }, h("option", { value: "" }, "all products"), [...Map.groupBy(all.filter(each => each.first), groupOf)].map(([group, members]) =>
    h("optgroup", { label: group }, members.map(each => h("option", { value: each.id, selected: each === chosen }, nameOfProduct(each))))));
  const heading = h("div", { class: "bar" }, h("h1", null, chosen ? nameOfProduct(chosen) : "Coverage"), h("p", { class: "field inline" }, h("label", { htmlFor: "product" }, "Product"), choice));
  if (wanted.length > 0 && !chosen) fill(main, heading, h("p", { class: "fault" }, "There is no such product with dated files."));
  else if (chosen) await showProduct(chosen);
  else showAll();
  head.addEventListener("change", () => { if (chosen && !parameters.has("month")) showProduct(chosen).catch(() => { /* The header tells. */ }); }, { signal });

  function showAll() {
    const dated = all.filter(each => each.first);
    if (dated.length === 0) {
      fill(main, heading, h("p", { class: "empty" }, "No file of this archive has a date in its name yet."));
      return;
    }
    const { first, last } = monthsOf(dated);
    const months = monthsBetween(first, last);
    fill(main, heading, quiet(`Files a month of ${counted(dated.length, "product")}, ${day(first)} to ${day(last)}. The shade is the share of the product's fullest month; a product leads to its days.`),
      h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Files a month" }, h("table", { class: "months" },
        h("caption", { class: "offscreen" }, "Files of each product in each month"),
        h("thead", null,
          h("tr", null, h("td"), [...Map.groupBy(months, month => month.slice(0, 4))].map(([year, some]) => h("th", { scope: "colgroup", colSpan: some.length }, year))),
          h("tr", null, h("th", { scope: "col" }, "Product"), months.map(month => h("th", { scope: "col", title: day(month), "aria-label": day(month) }, monthNames[+month.slice(4) - 1][0])))),
        [...Map.groupBy(dated, groupOf).values()].map(members => h("tbody", null, members.map((product, i) => {
          const most = Math.max(...[...product.months.values()].map(each => each.files));
          return h("tr", { class: i === 0 ? "first" : null }, h("th", { scope: "row" }, h("a", { href: hrefOf("coverage", filtersOf(product)) }, nameOfProduct(product))), months.map(month => {
            const files = product.months.get(month)?.files ?? 0;
            return h("td", { class: `q${shade(files, most)}`, title: `${day(month)}: ${counted(files, "file")}`, onclick: () => { location.hash = monthOf(product, month); } }, h("span", { class: "offscreen" }, count(files)));
          }));
        }))))));
  }

  /** @param {Product} product */
  async function showProduct(product) {
    const about = await archive();
    const [days, held] = await Promise.all([coverage(filtersOf(product), signal), !about.open && may(about, "read") ? coverage({ ...filtersOf(product), released: false }, signal) : []]);
    if (signal.aborted) return;
    const month = parameters.get("month");
    const files = filesByDay(days), unreleased = filesByDay(held);
    if (files.size === 0) {
      fill(main, heading, h("p", { class: "empty" }, "No file of this product has a date in its name."));
      return;
    }
    const first = Math.min(...files.keys()), last = Math.max(...files.keys()), most = Math.max(...files.values());
    const gaps = gapsOf(files, first, last);
    const facts = [
      ["Files", h("a", { href: filesOf(product) }, count(product.files))], ["Bytes", bytes(product.bytes)], ["Days", span(first, last)],
      ["Gaps", gaps.length === 0 ? "none" : `${count(gaps.length)}, ${counted(gaps.reduce((sum, each) => sum + each.to - each.from + 1, 0), "day")}`],
      gaps[0] && ["Longest gap", span(gaps[0].from, gaps[0].to)],
    ];
    const known = { product, days, files, unreleased, first, last, most };
    fill(main, heading, h("dl", { class: "facts" }, facts.map(each => each && h("div", null, h("dt", null, each[0]), h("dd", null, each[1])))),
      h("p", { class: "legend" }, "files a day ", ...steps(most).map((text, i) => text && h("span", null, h("i", { class: `q${i}` }), text)), unreleased.size > 0 && h("span", null, h("i", { class: "hatched" }), "not released, some or all")),
      month ? monthGrid(known, month) : h("div", { class: "years" }, yearsOf(known).map(year => calendar(known, year))),
      latency(known), dayTable(known, month ?? ""));
  }

  /** A year: a column a week, a row a weekday. @param {Known} of @param {number} year */
  function calendar({ product, files, unreleased, first, last, most }, year) {
    const start = Date.UTC(year, 0, 1) / 86400000, end = Date.UTC(year + 1, 0, 1) / 86400000 - 1;
    const offset = weekday(start);
    const inYear = new Map([...files].filter(([at]) => at >= start && at <= end));
    const cells = s("svg", { class: "calendar", viewBox: `-32 -18 ${Math.ceil((end - start + 1 + offset) / 7) * Cell + 34} ${7 * Cell + 20}`, role: "img", "aria-label": `${year}: ${stripLabel(inYear, Math.max(start, first), Math.min(end, last))}` },
      Weekdays.map((text, i) => text && s("text", { x: -30, y: i * Cell + 10 }, text)));
    for (let at = start; at <= end; at++) {
      const number = files.get(at) ?? 0, date = dayText(at), held = unreleased.get(at);
      const x = Math.floor((at - start + offset) / 7) * Cell, y = weekday(at) * Cell;
      if (date.endsWith("01")) cells.append(s("text", { x: Math.floor((at - start + offset + 6) / 7) * Cell, y: -6, class: "month", onclick: () => { location.hash = monthOf(product, date.slice(0, 6)); } }, monthNames[+date.slice(4, 6) - 1]));
      cells.append(s("rect", { x, y, width: Cell - 2, height: Cell - 2, rx: 1, class: number > 0 ? `q${shade(number, most)}` : at < first || at > last ? "outside" : "q0", onclick: number > 0 && (() => { location.hash = filesOf(product, date); }) },
        s("title", {}, `${day(date)}: ${counted(number, "file")}${held ? `, ${count(held)} not released` : ""}`)));
      if (held) cells.append(s("path", { class: "hatch", d: `M${x} ${y + 5}l5 -5m-5 ${Cell - 2}l${Cell - 2} -${Cell - 2}m0 6l-5 5` }));
    }
    return h("section", null, h("h2", null, String(year), " ", h("span", { class: "quiet months-of" }, monthNames.map((name, i) =>
      [" ", h("a", { href: monthOf(product, `${year}${String(i + 1).padStart(2, "0")}`), "aria-label": `${name} ${year}` }, name)]).flat())), cells);
  }

  /** @param {Known} of @param {string} month */
  function monthGrid({ product, days, files, unreleased, most }, month) {
    const start = dayNumber(`${month}01`), length = new Date(Date.UTC(+month.slice(0, 4), +month.slice(4, 6), 0)).getUTCDate();
    const before = dayText(start - 1).slice(0, 6), after = dayText(start + length).slice(0, 6);
    const versions = new Map(days.map(each => [each.bin, each.version]));
    return h("section", null,
      h("div", { class: "bar" }, h("h2", null, `${monthNames[+month.slice(4) - 1]} ${month.slice(0, 4)}`),
        h("p", { class: "choice" }, h("a", { href: monthOf(product, before) }, `← ${day(before)}`), h("a", { href: hrefOf("coverage", filtersOf(product)) }, "All years"), h("a", { href: monthOf(product, after) }, `${day(after)} →`))),
      h("ol", { class: "days", "aria-label": "Days" }, Array.from({ length }, (_, i) => {
        const date = dayText(start + i), number = files.get(start + i) ?? 0, name = h("b", null, String(i + 1));
        return h("li", { class: `q${shade(number, most)}`, style: i === 0 ? { gridColumnStart: weekday(start) + 1 } : {} }, number
          ? h("a", { href: filesOf(product, date) }, name, h("span", null, counted(number, "file")), h("span", null, `${versions.get(date) ?? ""}${unreleased.has(start + i) ? ", not released" : ""}`))
          : [name, h("span", null, "no file")]);
      })));
  }

  /** How many days after its data the first and the last file of each day arrived. @param {Known} of */
  function latency({ days, first, last }) {
    const points = days.filter(each => each.bin).map(each => {
      const at = dayNumber(/** @type {string} */ (each.bin));
      return { at, first: instant(each.first_ingestion) / 86400000 - at, last: instant(each.last_ingestion) / 86400000 - at };
    });
    const most = Math.max(10, ...points.map(each => each.last));
    const place = (/** @type {number} */ value) => 100 - Math.log1p(Math.max(0, value)) / Math.log1p(most) * 96;
    const dots = (/** @type {"first" | "last"} */ which) => s("path", { class: `dot ${which}`, d: points.map(each => `M${(each.at - first + 0.5).toFixed(1)} ${place(each[which]).toFixed(1)}h0`).join("") });
    const firsts = points.map(each => each.first).sort((a, b) => a - b), median = firsts[Math.floor(firsts.length / 2)];
    const ticks = [1, 3, 10, 30, 100, 300, 1000, 3000].filter(each => each <= most);
    return h("section", { class: "latency" },
      h("h2", null, "Latency"),
      quiet(`A dot for each day of data, at the number of days until its first file arrived (median ${median.toFixed(1)}) and until its newest version did; higher is later. `, h("span", { class: "key first" }, "first"), " ", h("span", { class: "key last" }, "newest")),
      h("div", { class: "plot" },
        h("div", { class: "ticks", "aria-hidden": "true" }, ticks.map(each => h("span", { style: { top: `${place(each)}%` } }, `${each} d`))),
        s("svg", { viewBox: `0 0 ${last - first + 1} 100`, preserveAspectRatio: "none", role: "img", "aria-label": `Latency of ${counted(points.length, "day")}: median ${median.toFixed(1)} days, longest ${(firsts.at(-1) ?? 0).toFixed(1)} days` },
          ticks.map(each => s("path", { class: "grid", d: `M0 ${place(each)}H${last - first + 1}` })), dots("last"), dots("first"))),
      h("div", { class: "plotaxis" }, axis(first, last)));
  }

  /** @param {Known} of @param {string} month */
  function dayTable({ product, days }, month) {
    const some = days.filter(each => each.bin?.startsWith(month));
    const box = h("details", { class: "daytable" }, h("summary", null, `The same as a table, ${counted(some.length, "day")}`));
    box.addEventListener("toggle", () => {
      if (!box.open || box.querySelector("table")) return;
      box.append(table(`Days of ${nameOfProduct(product)}`, ["Day", "#Files", "#Bytes", "Newest version", "First arrival, UTC", "Last arrival, UTC"], some.map(each =>
        [h("a", { href: filesOf(product, each.bin) }, day(each.bin)), count(each.files), bytes(each.bytes), each.version, time(each.first_ingestion), time(each.last_ingestion)])).element);
    });
    return box;
  }
}

/** Monday is 0. @param {number} at */
const weekday = at => (at + 3) % 7;

/** @param {number} from @param {number} to */
const span = (from, to) => from === to ? day(dayText(from)) : `${day(dayText(from))} to ${day(dayText(to))}`;

/** @param {Product} product @param {string} month */
const monthOf = (product, month) => hrefOf("coverage", { ...filtersOf(product), month });

/** @param {Product} product */
const nameOfProduct = product => [product.instrument, product.data_level, product.descriptor, product.extension].filter(each => each).join(" ") + (product.family === "science" ? "" : ` (${product.family})`);

/** Thirds of a product's own most, so that products with few and with many files a day are both told apart. @param {number} files @param {number} most */
const shade = (files, most) => files === 0 ? 0 : Math.min(3, Math.ceil(files / most * 3));

/** What the three shades stand for. @param {number} most */
const steps = most => ["none", ...[1, 2, 3].map(step => {
  const from = Math.floor(most * (step - 1) / 3) + 1, to = Math.floor(most * step / 3);
  return from > to ? null : from === to ? count(from) : `${count(from)} to ${count(to)}`;
})];

/** @param {Known} of */
function yearsOf({ first, last }) {
  const from = +dayText(first).slice(0, 4), to = +dayText(last).slice(0, 4);
  return Array.from({ length: to - from + 1 }, (_, i) => to - i);
}

/** @param {string} first @param {string} last */
function monthsBetween(first, last) {
  const all = [];
  for (let year = +first.slice(0, 4), month = +first.slice(4); year * 100 + month <= +last; month === 12 ? (year++, month = 1) : month++) all.push(`${year}${String(month).padStart(2, "0")}`);
  return all;
}
