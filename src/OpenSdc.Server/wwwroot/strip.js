// A strip of days: what there is of a product, on an axis that all strips of a view share.
import { h, s } from "./dom.js";
import { count, day, dayNumber, dayText, monthNames } from "./format.js";

/** The shade of a number of files: three steps, which differ in lightness. @param {number} files */
export const shade = files => files === 0 ? 0 : files === 1 ? 1 : files <= 3 ? 2 : 3;

/** @param {Map<number, number>} files How many files each day has, by its number. @param {number} first @param {number} last @param {string} label */
export function strip(files, first, last, label) {
  const length = last - first + 1;
  const svg = s("svg", { class: "strip", viewBox: `0 0 ${length} 1`, preserveAspectRatio: "none", role: "img", "aria-label": label });
  let from = first, level = shade(files.get(first) ?? 0);
  for (let at = first + 1; at <= last + 1; at++) {
    const next = at > last ? -1 : shade(files.get(at) ?? 0);
    if (next === level) continue;
    if (level > 0) svg.append(s("rect", { class: `q${level}`, x: from - first, y: 0, width: at - from, height: 1 }));
    [from, level] = [at, next];
  }
  return svg;
}

/** The gaps between the first and the last day with files, longest first. @param {Map<number, number>} files @param {number} first @param {number} last */
export function gapsOf(files, first, last) {
  const days = [...files.keys()].filter(each => each >= first && each <= last).sort((a, b) => a - b);
  return days.slice(1).map((each, i) => ({ from: days[i] + 1, to: each - 1 })).filter(gap => gap.to >= gap.from).sort((a, b) => (b.to - b.from) - (a.to - a.from));
}

/** A strip in words. @param {Map<number, number>} files @param {number} first @param {number} last */
export function stripLabel(files, first, last) {
  const days = [...files.keys()].filter(each => each >= first && each <= last);
  if (days.length === 0) return "no files in this span";
  const gaps = gapsOf(files, first, last);
  const longest = gaps[0];
  return `files on ${count(days.length)} of ${count(last - first + 1)} days`
    + (longest ? `; ${count(gaps.length)} ${gaps.length === 1 ? "gap" : "gaps"}, the longest from ${day(dayText(longest.from))} to ${day(dayText(longest.to))}` : "");
}

/** Where months begin on the axis. @param {number} first @param {number} last */
export function axis(first, last) {
  const length = last - first + 1;
  const marks = [];
  for (let at = first; at <= last; at++) {
    const text = dayText(at);
    if (text.endsWith("01") && (last - at) / length > 0.02) marks.push({ at, month: +text.slice(4, 6), year: text.slice(0, 4) });
  }
  const every = marks.length > 40 ? 12 : marks.length > (innerWidth < 900 ? 7 : 14) ? 3 : 1;
  return h("div", { class: "axis", "aria-hidden": "true" }, marks.filter(mark => (mark.month - 1) % every === 0).map(mark =>
    h("span", { style: { left: `${(mark.at - first) / length * 100}%` } }, mark.month === 1 ? mark.year : monthNames[mark.month - 1])));
}

/** The day under the pointer of a strip. @param {MouseEvent} event @param {Element} on @param {number} first @param {number} last */
export function dayAt(event, on, first, last) {
  const box = on.getBoundingClientRect();
  return first + Math.min(last - first, Math.max(0, Math.floor((event.clientX - box.left) / box.width * (last - first + 1))));
}

/** @param {Period[]} periods @returns {Map<number, number>} */
export const filesByDay = periods => new Map(periods.filter(each => each.bin).map(each => [dayNumber(/** @type {string} */ (each.bin)), each.files]));
