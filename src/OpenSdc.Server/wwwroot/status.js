// How the archive is; more at an operators' address, and the audit to administrators.
import { ask, json, pause, Problem, query } from "./api.js";
import { showAudit } from "./audit.js";
import { facts, fill, h, quiet, section } from "./dom.js";
import { ago, bytes, count, counted, day, dayNumber, dayText, instant, nameOf, time, today, viewOf } from "./format.js";
import { faultBox, hrefOf } from "./frame.js";

const Days = 14;
const Seconds = 5;

/** @param {View} view */
export async function show({ main, parameters, signal, head }) {
  const health = section("Health", quiet("Asking…")), arrivals = section("Arrivals"), newest = section("Last publications");
  const rates = h("section", { hidden: true }), uploads = h("section", { hidden: true });
  const audit = h("section", { class: "whole", hidden: true });
  fill(main, h("h1", null, "Status"), health, rates, arrivals, newest, uploads, audit);
  head.addEventListener("change", () => { Promise.all([showArrivals(), showNewest()]).catch(ignore); }, { signal });
  watch();
  await Promise.all([showArrivals(), showNewest(), showUploads(), showAudit(audit, parameters, signal).then(() => { audit.hidden = false; }, absent)]);
  if (parameters.size > 0) audit.scrollIntoView();

  async function watch() {
    /** @type {{ at: number, values: Map<string, number> } | null} */
    let before = null;
    while (!signal.aborted) {
      if (!document.hidden) {
        await showHealth();
        const values = await metrics(signal);
        const at = Date.now();
        if (values) showRates(values, before);
        before = values && { at, values };
      }
      await pause(Seconds * 1000, signal);
    }
  }

  async function showHealth() {
    try {
      const state = await json("health/ready", {}, { signal, cache: "no-store" }).catch(fault => {
        if (fault instanceof Problem && fault.body?.status) return fault.body;
        throw fault;
      });
      const { scrub } = state;
      fill(health, h("h2", null, "Health"), facts([
        ["State", state.status], ["Recovery", state.recovery], ["Catalogue", state.catalogue], ["Uploads", state.uploads], ["Reason", state.reason],
        ["Scrub", scrub && `${scrub.round_ended ? `last whole round ended ${ago(Date.now() - instant(scrub.round_ended))}` : "no whole round yet"}; ${Math.round(scrub.progress * 100)} % of this one`],
        ["Free", state.catalogue && bytes(state.free_bytes)], ["Lost or damaged", state.catalogue && counted(state.corrupt_or_missing_files, "file")],
      ]), !state.catalogue && quiet("Rates and storage show where this page's address is also the operators'."));
    } catch (fault) {
      if (!signal.aborted) fill(health, h("h2", null, "Health"), faultBox(fault));
    }
  }

  /** @param {Map<string, number>} now @param {{ at: number, values: Map<string, number> } | null} before */
  function showRates(now, before) {
    const of = (/** @type {string} */ name) => now.get(name) ?? 0;
    const rate = (/** @type {string} */ name) => before ? Math.max(0, of(name) - (before.values.get(name) ?? 0)) / ((Date.now() - before.at) / 1000) : 0;
    const published = 'opensdc_uploads_total{outcome="published"}';
    rates.hidden = false;
    fill(rates, h("h2", null, "Work"), facts([
      ["Stored", `${counted(of("opensdc_stored_files"), "file")}, ${bytes(of("opensdc_stored_size_bytes"))}`],
      ["Ingest", `${rate(published).toFixed(1)} files/s, ${bytes(Math.round(rate("opensdc_received_bytes_total")))}/s`],
      ["Sent", `${bytes(Math.round(rate("opensdc_sent_bytes_total")))}/s`],
      ["In staging", bytes(of("opensdc_staging_size_bytes"))],
      ["Scrub", `${bytes(Math.round(rate("opensdc_scrub_read_bytes_total")))}/s, ${counted(of("opensdc_scrub_verified_total"), "file")} verified`],
      ["Last backup", now.has("opensdc_backup_age_seconds") ? `${(of("opensdc_backup_age_seconds") / 3600).toFixed(1)} h ago` : null],
    ]));
  }

  async function showArrivals() {
    const last = dayNumber(today());
    const days = await Promise.all(Array.from({ length: Days }, async (_, i) => {
      const text = dayText(last - Days + 1 + i);
      const answer = await ask("query", { table: "*", version: "*", ingestion_start_date: text, ingestion_end_date: text, count: true }, { method: "HEAD", signal });
      return { text, files: Number(answer.headers.get("OpenSDC-Count")) };
    }));
    const most = Math.max(1, ...days.map(each => each.files));
    fill(arrivals, h("h2", null, `Files that arrived, last ${Days} days`),
      h("div", { class: "bars" }, days.map(each => {
        const label = `${day(each.text)}: ${counted(each.files, "file")}`;
        return h("a", { href: hrefOf("search", { table: "*", version: "*", ingestion_start_date: each.text, ingestion_end_date: each.text }), title: label, "aria-label": label }, h("i", { style: { blockSize: `${each.files / most * 100}%` } }));
      })),
      h("div", { class: "barlabels", "aria-hidden": "true" }, days.map(each => h("span", null, each.text.slice(6)))),
      quiet(`At most ${counted(most, "file")} a day; days are UTC.`));
  }

  async function showNewest() {
    const some = await query({ table: "*", sort: "-seq", limit: 15 }, signal);
    fill(newest, h("h2", null, "Last publications"), h("ol", { class: "arrivals" }, some.map(file => h("li", null, h("a", { href: viewOf(file.file_path) }, nameOf(file.file_path)), h("time", null, time(file.ingestion_date))))));
  }

  async function showUploads() {
    const open = await json("uploads", { state: "open", limit: 100 }, { signal }).catch(absent);
    if (!open) return;
    uploads.hidden = false;
    fill(uploads, h("h2", null, `Open uploads: ${count(open.uploads.length)}${open.next_cursor ? " and more" : ""}`),
      h("ul", { class: "arrivals" }, open.uploads.map((/** @type {any} */ each) => h("li", null, h("span", null, nameOf(each.file_path)), h("time", null, `since ${time(each.created)}`)))));
  }

  /** What is not there for this caller, or at this address, is not shown. @param {unknown} fault */
  function absent(fault) {
    if (!(fault instanceof Problem && [401, 403, 404, 405].includes(fault.status))) throw fault;
  }

  /** @param {unknown} fault */
  function ignore(fault) {
    // The header says that there is no connection.
    if (!signal.aborted && !(fault instanceof Problem)) throw fault;
  }
}

/** Prometheus' text: names, with the labels that matter, and numbers; null where this address has none. @param {AbortSignal} signal */
async function metrics(signal) {
  let text;
  try {
    text = await (await ask("metrics", {}, { signal, cache: "no-store" })).text();
  } catch (fault) {
    if (signal.aborted || fault instanceof Problem) return null;
    throw fault;
  }
  /** @type {Map<string, number>} */
  const values = new Map();
  for (const line of text.split("\n")) {
    const parts = /^([a-z_]+)(?:\{(.*)\})? ([\d.eE+-]+)/.exec(line);
    if (!parts) continue;
    const labels = (parts[2] ?? "").split(",").filter(each => each && !each.startsWith("otel_scope"));
    values.set(parts[1] + (labels.length > 0 ? `{${labels.join(",")}}` : ""), Number(parts[3]));
  }
  return values;
}
