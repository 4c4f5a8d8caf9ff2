// Coverage: all products by month; one product as a calendar of days, its latency, and the same as a table. From mission to month by zooming.
import { archive, coverage, may } from "./api.js";
import { fill, h, s } from "./dom.js";
import { bytes, count, counted, day, dayNumber, dayText, instant, monthNames, time } from "./format.js";
import { hrefOf } from "./frame.js";
import { filtersOf, groupOf, products } from "./products.js";
import { axis, filesByDay, gapsOf, stripLabel } from "./strip.js";

/** @typedef {import("./products.js").Product} Product */
/** @typedef {import("./api.js").Period} Period */

const Cell = 13;
const Weekdays = ["Mon", "", "Wed", "", "Fri", "", "Sun"];

/** @param {import("./frame.js").View} view */
export async function show({ main, parameters, signal, head }) {
  const all = await products(signal);
  if (signal.aborted) return;
  const wanted = (/** @type {const} */ (["instrument", "data_level", "descriptor", "extension"])).filter(each => parameters.has(each));
  const family = parameters.get("table") ?? "science";
  const chosen = wanted.length === 0 && !parameters.has("table") ? null
    : all.find(each => each.family === family && wanted.every(field => (each[field] ?? "") === parameters.get(field)) && each.first);
  const choice = h("select", { id: "product", onchange: /** @param {Event} e */ e => {
    const product = all.find(each => each.id === /** @type {HTMLSelectElement} */ (e.target).value);
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
    const first = dated.map(each => /** @type {string} */ (each.first)).sort()[0], last = /** @type {string} */ (dated.map(each => /** @type {string} */ (each.last)).sort().at(-1));
    const months = monthsBetween(first, last);
    fill(main, heading, h("p", { class: "quiet" }, `Files a month of ${counted(dated.length, "product", "products")}, ${day(first)} to ${day(last)}. The shade is the share of the product's fullest month; a product leads to its days.`),
      h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Files a month" }, h("table", { class: "months" },
        h("caption", { class: "offscreen" }, "Files of each product in each month"),
        h("thead", null, h("tr", null, h("th", { scope: "col" }, "Product"), months.map(month => h("th", { scope: "col", title: day(month) }, month.endsWith("01") ? month.slice(0, 4) : h("span", { class: "quiet" }, monthNames[+month.slice(4) - 1][0]), h("span", { class: "offscreen" }, " ", day(month)))))),
        [...Map.groupBy(dated, groupOf).values()].map(members => h("tbody", null, members.map((product, i) => h("tr", { class: i === 0 ? "first" : null },
          h("th", { scope: "row" }, h("a", { href: hrefOf("coverage", filtersOf(product)) }, nameOfProduct(product))),
          months.map(month => {
            const files = product.months.get(month)?.files ?? 0;
            return h("td", { class: `m${shade(files, Math.max(...[...product.months.values()].map(each => each.files)))}`, title: `${day(month)}: ${counted(files, "file", "files")}` }, h("span", { class: "offscreen" }, count(files)));
          }))))))));
  }

  /** @param {Product} product */
  async function showProduct(product) {
    const about = await archive();
    const [days, held] = await Promise.all([coverage(filtersOf(product), signal), !about.open && may(about, "read") ? coverage({ ...filtersOf(product), released: false }, signal) : []]);
    const unreleased = filesByDay(held);
    if (signal.aborted) return;
    const month = parameters.get("month");
    const byDay = new Map(days.filter(each => each.bin).map(each => [/** @type {string} */ (each.bin), each]));
    const files = filesByDay(days);
    if (files.size === 0) {
      fill(main, heading, h("p", { class: "empty" }, "No file of this product has a date in its name."));
      return;
    }
    const first = Math.min(...files.keys()), last = Math.max(...files.keys());
    const link = hrefOf("coverage", filtersOf(product));
    const gaps = gapsOf(files, first, last);
    const facts = h("dl", { class: "facts" },
      fact("Files", h("a", { href: hrefOf("search", { ...filtersOf(product), version: "*" }) }, count(product.files))), fact("Bytes", bytes(product.bytes)),
      fact("Days", `${day(dayText(first))} to ${day(dayText(last))}`),
      fact("Gaps", gaps.length === 0 ? "none" : `${count(gaps.length)}, ${count(gaps.reduce((sum, each) => sum + each.to - each.from + 1, 0))} days`),
      gaps[0] && fact("Longest", `${day(dayText(gaps[0].from))} to ${day(dayText(gaps[0].to))}`));
    const most = Math.max(...files.values());
    const legend = h("p", { class: "legend" }, "files a day ", ...steps(most).map((text, i) => text && h("span", null, h("i", { class: `k${i}` }), text)), unreleased.size > 0 && h("span", null, h("i", { class: "hatched" }), "not released, some or all"));
    fill(main, heading, facts, legend,
      month ? monthGrid(product, month, byDay, link, most, unreleased) : h("div", { class: "years" }, years(first, last).map(year => calendar(product, year, files, first, last, most, unreleased))),
      latency(days, first, last),
      dayTable(product, month ? days.filter(each => each.bin?.startsWith(month)) : days));
  }

  /** @param {string} title @param {import("./dom.js").Child} value */
  function fact(title, value) {
    return h("div", null, h("dt", null, title), h("dd", null, value));
  }

  /** A year: a column a week, a row a weekday. @param {Product} product @param {number} year @param {Map<number, number>} files @param {number} first @param {number} last @param {number} most @param {Map<number, number>} unreleased */
  function calendar(product, year, files, first, last, most, unreleased) {
    const start = Date.UTC(year, 0, 1) / 86400000, end = Date.UTC(year + 1, 0, 1) / 86400000 - 1;
    const weekday = (/** @type {number} */ at) => (at + 3) % 7;
    const offset = weekday(start);
    const weeks = Math.ceil((end - start + 1 + offset) / 7);
    const inYear = new Map([...files].filter(([at]) => at >= start && at <= end));
    const cells = s("svg", { class: "calendar", viewBox: `-32 -18 ${weeks * Cell + 34} ${7 * Cell + 20}`, role: "img", "aria-label": `${year}: ${stripLabel(inYear, Math.max(start, first), Math.min(end, last))}` });
    Weekdays.forEach((text, i) => text && cells.append(s("text", { x: -30, y: i * Cell + 10 }, text)));
    for (let month = 0; month < 12; month++) {
      const at = Date.UTC(year, month, 1) / 86400000;
      const text = s("text", { x: Math.floor((at - start + offset + 6) / 7) * Cell, y: -6, class: "month" }, monthNames[month]);
      text.addEventListener("click", () => { location.hash = hrefOf("coverage", { ...filtersOf(product), month: dayText(at).slice(0, 6) }); });
      cells.append(text);
    }
    for (let at = start; at <= end; at++) {
      const number = files.get(at) ?? 0, text = dayText(at);
      const column = Math.floor((at - start + offset) / 7);
      const cell = s("rect", { x: column * Cell, y: weekday(at) * Cell, width: Cell - 2, height: Cell - 2, rx: 1, class: number > 0 ? `q${shade(number, most)}` : at < first || at > last ? "outside" : "q0" },
        s("title", {}, `${day(text)}: ${counted(number, "file", "files")}${unreleased.has(at) ? `, ${count(unreleased.get(at) ?? 0)} not released` : ""}`));
      if (number > 0) cell.addEventListener("click", () => { location.hash = hrefOf("search", { ...filtersOf(product), start_date: text, end_date: text, version: "*" }); });
      cells.append(cell);
      if (unreleased.has(at)) cells.append(s("path", { class: "hatch", d: `M${column * Cell} ${weekday(at) * Cell + 5}l5 -5m-5 ${Cell - 2}l${Cell - 2} -${Cell - 2}m0 6l-5 5` }));
    }
    return h("section", null, h("h2", null, String(year), " ", h("span", { class: "quiet months-of" }, monthNames.map((name, i) =>
      [" ", h("a", { href: hrefOf("coverage", { ...filtersOf(product), month: `${year}${String(i + 1).padStart(2, "0")}` }), "aria-label": `${name} ${year}` }, name)]).flat())), cells);
  }

  /** @param {Product} product @param {string} month @param {Map<string, Period>} byDay @param {string} link @param {number} most @param {Map<number, number>} unreleased */
  function monthGrid(product, month, byDay, link, most, unreleased) {
    const start = dayNumber(`${month}01`), length = new Date(Date.UTC(+month.slice(0, 4), +month.slice(4, 6), 0)).getUTCDate();
    const beside = (/** @type {number} */ step) => dayText(step < 0 ? start - 1 : start + length).slice(0, 6);
    const to = (/** @type {string} */ other) => `${link}&month=${other}`;
    return h("section", null,
      h("div", { class: "bar" }, h("h2", null, `${monthNames[+month.slice(4) - 1]} ${month.slice(0, 4)}`),
        h("p", { class: "choice" }, h("a", { href: to(beside(-1)) }, `← ${day(beside(-1))}`), h("a", { href: link }, "All years"), h("a", { href: to(beside(1)) }, `${day(beside(1))} →`))),
      h("ol", { class: "days", "aria-label": "Days" }, Array.from({ length }, (_, i) => {
        const text = dayText(start + i), period = byDay.get(text);
        const box = h("li", { class: `d${shade(period?.files ?? 0, most)}` }, period
          ? h("a", { href: hrefOf("search", { ...filtersOf(product), start_date: text, end_date: text, version: "*" }) }, h("b", null, String(i + 1)), h("span", null, counted(period.files, "file", "files")), h("span", null, `${period.version ?? ""}${unreleased.has(start + i) ? ", not released" : ""}`))
          : [h("b", null, String(i + 1)), h("span", null, "no file")]);
        if (i === 0) box.style.gridColumnStart = String((start + 3) % 7 + 1);
        return box;
      })));
  }

  /** How many days after its data the first and the last file of each day arrived. @param {Period[]} days @param {number} first @param {number} last */
  function latency(days, first, last) {
    const points = days.filter(each => each.bin).map(each => {
      const at = dayNumber(/** @type {string} */ (each.bin));
      return { at, first: instant(each.first_ingestion) / 86400000 - at, last: instant(each.last_ingestion) / 86400000 - at };
    });
    const most = Math.max(10, ...points.map(each => each.last));
    const place = (/** @type {number} */ value) => 100 - Math.log1p(Math.max(0, value)) / Math.log1p(most) * 96;
    const dots = (/** @type {"first" | "last"} */ which) => points.map(each => `M${(each.at - first + 0.5).toFixed(1)} ${place(each[which]).toFixed(1)}h0`).join("");
    const firsts = points.map(each => each.first).sort((a, b) => a - b), median = firsts[Math.floor(firsts.length / 2)];
    const ticks = [1, 3, 10, 30, 100, 300, 1000, 3000].filter(each => each <= most);
    return h("section", { class: "latency" },
      h("h2", null, "Latency"),
      h("p", { class: "quiet" }, `Days from the data to the arrival of the first file (median ${median.toFixed(1)}) and of the newest version. `, h("span", { class: "key first" }, "first"), " ", h("span", { class: "key last" }, "newest")),
      h("div", { class: "plot" },
        h("div", { class: "ticks", "aria-hidden": "true" }, ticks.map(each => {
          const tick = h("span", null, `${each} d`);
          tick.style.insetBlockStart = `${place(each)}%`;
          return tick;
        })),
        s("svg", { viewBox: `0 0 ${last - first + 1} 100`, preserveAspectRatio: "none", role: "img", "aria-label": `Latency of ${counted(points.length, "day", "days")}: median ${median.toFixed(1)} days, longest ${(firsts.at(-1) ?? 0).toFixed(1)} days` },
          ticks.map(each => s("path", { class: "grid", d: `M0 ${place(each)}H${last - first + 1}` })),
          s("path", { class: "dot last", d: dots("last") }), s("path", { class: "dot first", d: dots("first") }))),
      h("div", { class: "plotaxis" }, axis(first, last)));
  }

  /** @param {Product} product @param {Period[]} days */
  function dayTable(product, days) {
    const box = h("details", { class: "daytable" }, h("summary", null, `The same as a table, ${counted(days.length, "day", "days")}`));
    box.addEventListener("toggle", () => {
      if (!box.open || box.querySelector("table")) return;
      box.append(h("div", { class: "scroll" }, h("table", null, h("caption", { class: "offscreen" }, `Days of ${nameOfProduct(product)}`),
        h("thead", null, h("tr", null, ["Day", "Files", "Bytes", "Newest version", "First arrival, UTC", "Last arrival, UTC"].map(each => h("th", { scope: "col", class: each === "Files" || each === "Bytes" ? "num" : null }, each)))),
        h("tbody", null, days.map(each => h("tr", null,
          h("th", { scope: "row" }, h("a", { href: hrefOf("search", { ...filtersOf(product), start_date: each.bin, end_date: each.bin, version: "*" }) }, day(each.bin))),
          h("td", { class: "num" }, count(each.files)), h("td", { class: "num" }, bytes(each.bytes)), h("td", null, each.version), h("td", null, time(each.first_ingestion)), h("td", null, time(each.last_ingestion))))))));
    });
    return box;
  }
}

/** @param {Product} product */
const nameOfProduct = product => [product.instrument, product.data_level, product.descriptor, product.extension].filter(each => each).join(" ") + (product.family === "science" ? "" : ` (${product.family})`);

/** Thirds of a product's own most, so that products with few and with many files a day are both told apart. @param {number} files @param {number} most */
const shade = (files, most) => files === 0 ? 0 : Math.min(3, Math.ceil(files / most * 3));

/** What the three shades stand for. @param {number} most */
const steps = most => ["none", ...[1, 2, 3].map(step => {
  const from = Math.floor(most * (step - 1) / 3) + 1, to = Math.floor(most * step / 3);
  return from > to ? null : from === to ? count(from) : `${count(from)} to ${count(to)}`;
})];

/** @param {number} first @param {number} last */
const years = (first, last) => Array.from({ length: +dayText(last).slice(0, 4) - +dayText(first).slice(0, 4) + 1 }, (_, i) => +dayText(first).slice(0, 4) + i).reverse();

/** @param {string} first @param {string} last */
function monthsBetween(first, last) {
  const all = [];
  for (let year = +first.slice(0, 4), month = +first.slice(4); year * 100 + month <= +last; month === 12 ? (year++, month = 1) : month++) all.push(`${year}${String(month).padStart(2, "0")}`);
  return all;
}
