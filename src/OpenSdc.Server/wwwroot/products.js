// The archive's products, by its coverage, and what a text in the search box means.
import { coverage } from "./api.js";
import { dayNumber, dayText } from "./format.js";
import { hrefOf } from "./frame.js";

/** @param {ProductKey} of */
export const idOf = of => [of.family, of.instrument, of.data_level, of.descriptor, of.extension].map(each => each ?? "").join("|");

/** The parameters that find a product's files. @param {ProductKey} product */
export const filtersOf = product => ({
  table: product.family === "science" ? null : product.family,
  instrument: product.instrument,
  data_level: product.data_level,
  descriptor: product.descriptor,
  extension: product.extension,
});

/** Where a product's files of one day stand, or all of them. @param {ProductKey} product @param {string | null} [date] */
export const filesOf = (product, date) => hrefOf("search", { ...filtersOf(product), start_date: date, end_date: date, version: "*" });

/** The first and the last month in which any of them has files. @param {Product[]} some */
export function monthsOf(some) {
  const all = some.flatMap(each => each.first && each.last ? [each.first, each.last] : []).sort();
  return { first: all[0] ?? "", last: all.at(-1) ?? "" };
}

/** A product's place on the page: its instrument, or its family where it has none. @param {Product} product */
export const groupOf = product => product.instrument ?? product.family;

/** The family that a search without one means. @param {Archive} about */
export const usualFamily = about => about.families.some(each => each.name === "science") ? "science" : about.families[0]?.name ?? "";

/** All products, in the order of their instruments and levels. @param {AbortSignal} [signal] @returns {Promise<Product[]>} */
export async function products(signal) {
  /** @type {Map<string, Product>} */
  const found = new Map();
  for (const period of await coverage({ table: "*", bin: "month" }, signal)) {
    const id = idOf(period);
    let product = found.get(id);
    if (!product) {
      const { family, instrument, data_level, descriptor, extension } = period;
      product = { id, family, instrument, data_level, descriptor, extension, files: 0, bytes: 0, first: null, last: null, months: new Map() };
      found.set(id, product);
    }
    product.files += period.files;
    product.bytes += period.bytes;
    if (period.bin) {
      product.months.set(period.bin, period);
      if (!product.first || period.bin < product.first) product.first = period.bin;
      if (!product.last || period.bin > product.last) product.last = period.bin;
    }
  }
  /** @param {Product} p */
  const key = p => [p.instrument ? 0 : 1, groupOf(p), p.family === "science" ? 0 : 1, p.data_level ?? "~", p.descriptor ?? "", p.extension].join("\u0001");
  return [...found.values()].sort((a, b) => key(a) < key(b) ? -1 : 1);
}

/** What a text means: a name or part of it, words of the mission, dates, a version; other words are looked for inside the descriptors. @param {string} text @param {Product[]} known @param {Archive} about @returns {{ name: string | null, parameters: Record<string, string> }} */
export function meaningOf(text, known, { mission, families }) {
  const whole = text.trim().split(/[\s"']+/).filter(each => each).join(" ");
  const bare = whole.slice(whole.lastIndexOf("/") + 1);
  const extensions = new Set([...known.map(each => each.extension), ...families.flatMap(each => (each.examples ?? []).map(name => name.slice(name.indexOf(".") + 1)))]);
  if (!whole.includes(" ") && !whole.includes("*") && bare.includes(".") && [...extensions].some(each => bare.endsWith("." + each))) {
    if (/_v?\d|^[a-z_]+\d+\./i.test(bare)) return { name: bare, parameters: {} };
  }
  /** @type {Record<string, Set<string>>} */
  const found = {};
  /** @param {string} field @param {string} value */
  const add = (field, value) => (found[field] ??= new Set()).add(value);
  /** @type {{ first: string, last: string } | null} */
  let days = null;
  const fields = /** @type {const} */ (["instrument", "data_level", "extension", "descriptor"]);
  for (const word of bare.split(/[\s,_]+|\.(?=[a-z]+$)/i).flatMap(each => each.split(/(?<=^\d{8})-(?=repoint|cr)/)).filter(each => each)) {
    const lower = word.toLowerCase();
    const range = daysOf(lower);
    if (range) {
      days = days ? { first: days.first, last: range.last } : range;
      continue;
    }
    const field = fields.find(each => known.some(product => product[each]?.toLowerCase() === lower));
    if (field) add(field, lower);
    else if (known.some(product => product.family === lower)) add("table", lower);
    else if (/^v\d[\d.-]*\*?$/.test(lower)) add("version", lower);
    else if (/^repoint\d+$/.test(lower)) add("repointing", lower);
    else if (/^cr\d+$/.test(lower)) add("cr", lower);
    else if (lower === "latest") add("latest", "true");
    else if (/^\*+$/.test(lower) || lower === mission) continue;
    else if (lower.includes("*") || known.some(product => product.descriptor?.toLowerCase().includes(lower))) add("descriptor", lower.includes("*") ? lower : `*${lower}*`);
    else {
      // Part of a name whose parts are no words, such as a kernel's: its family's examples have it.
      const family = families.find(each => /^kernels?$/.test(lower) ? each.name === "spice" : each.examples?.some(name => name.toLowerCase().includes(lower)));
      add(family ? "table" : "descriptor", family?.name ?? `*${lower}*`);
    }
  }
  /** @type {Record<string, string>} */
  const parameters = Object.fromEntries(Object.entries(found).map(([field, values]) => [field, [...values].join(",")]));
  if (days) {
    parameters.start_date = days.first;
    parameters.end_date = days.last;
  }
  // Words that only another family has are looked for there.
  if (!parameters.table) {
    const science = known.filter(product => product.family === "science");
    for (const field of fields) {
      const asked = found[field];
      if (asked && ![...asked].some(value => value.includes("*") || science.some(product => product[field]?.toLowerCase() === value))) parameters.table = "*";
    }
  }
  return { name: null, parameters };
}

/** 20260117, 2026-01-17, 2026-01, 202601, 2026, each also with a * at the end. @param {string} text @returns {{ first: string, last: string } | null} */
function daysOf(text) {
  const parts = /^(20\d\d)(?:-?(\d\d)(?:-?(\d\d))?)?\*?$/.exec(text);
  if (!parts) return null;
  const [, year, month, date] = parts;
  if (month && (+month < 1 || +month > 12)) return null;
  if (date) {
    const exact = year + month + date;
    return dayText(dayNumber(exact)) === exact ? { first: exact, last: exact } : null;
  }
  const first = dayNumber(`${year}${month ?? "01"}01`);
  const next = month ? Date.UTC(+year, +month, 1) / 86400000 : Date.UTC(+year + 1, 0, 1) / 86400000;
  return { first: dayText(first), last: dayText(next - 1) };
}
