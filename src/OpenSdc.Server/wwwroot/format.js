// Numbers, sizes, days and times as the page writes them. All times are UTC.

const grouped = new Intl.NumberFormat("en", { useGrouping: true });

/** @param {number} value */
export const count = value => grouped.format(value);

/** @param {number} n @param {string} word A noun whose plural ends in s. */
export const counted = (n, word) => `${count(n)} ${word}${n === 1 ? "" : "s"}`;

/** Bytes in units of 1000, three digits. @param {number} value */
export function bytes(value) {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let at = 0;
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at++;
  }
  return `${at === 0 ? value : value.toPrecision(3)} ${units[at]}`;
}

/** 20260117 as 2026-01-17; shorter texts, months and years, likewise. @param {string | null | undefined} text */
export const day = text => !text ? "" : [text.slice(0, 4), text.slice(4, 6), text.slice(6, 8)].filter(each => each).join("-");

/** "20260117 03:04:05" as 2026-01-17 03:04:05. @param {string} text */
export const time = text => `${day(text.slice(0, 8))} ${text.slice(9)}`;

/** Days since 1970 of YYYYMMDD. @param {string} text */
export const dayNumber = text => Date.UTC(+text.slice(0, 4), +text.slice(4, 6) - 1, +text.slice(6, 8)) / 86400000;

/** YYYYMMDD of days since 1970. @param {number} number */
export const dayText = number => new Date(number * 86400000).toISOString().slice(0, 10).replaceAll("-", "");

/** @param {string} text "YYYYMMDD HH:MM:SS" */
export const instant = text => Date.UTC(+text.slice(0, 4), +text.slice(4, 6) - 1, +text.slice(6, 8), +text.slice(9, 11), +text.slice(12, 14), +text.slice(15, 17));

export const today = () => dayText(Math.floor(Date.now() / 86400000));

/** How long ago, in one unit. @param {number} milliseconds */
export function ago(milliseconds) {
  const minutes = Math.max(0, Math.floor(milliseconds / 60000));
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return `${Math.floor(minutes / 1440)} days ago`;
}

export const monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A field's name as words. @param {string} name */
export const spaced = name => name.replaceAll("_", " ");

/** Members of a record that are no fields of the mission's own. */
export const standard = ["file_path", "instrument", "data_level", "descriptor", "start_date", "end_date", "start_time", "end_time", "repointing", "cr", "version", "major_version", "minor_version", "extension", "size", "sha256", "ingestion_date", "seq", "released", "crid", "integrity"];

/** The bare name of a path. @param {string} path */
export const nameOf = path => path.slice(path.lastIndexOf("/") + 1);

/** The address of a file's view. @param {string} path */
export const viewOf = path => `#/file/${encodeURIComponent(nameOf(path))}`;
