// The audit, a page of entries at a time.
import { ask } from "./api.js";
import { fill, h, labelled, table } from "./dom.js";
import { count, day, dayNumber, dayText, today } from "./format.js";
import { faultBox, go } from "./frame.js";

const Most = 500;
const Members = ["at", "action", "caller", "target", "status", "detail"];

/** Field, title, and what may be written. */
const Fields = [
  ["since", "From", "YYYY-MM-DD"], ["before", "Before", "YYYY-MM-DD"], ["action", "Action", "upload,denied"], ["caller", "Caller", "key:*"], ["target", "Target", "a path; * for any letters"],
];

/** Fills a section, or throws what the archive says where this caller reads no audit. @param {HTMLElement} into @param {URLSearchParams} parameters @param {AbortSignal} signal */
export async function showAudit(into, parameters, signal) {
  const asked = Object.fromEntries(Fields.map(([name]) => [name, parameters.get(name) ?? ""]));
  if (!Object.values(asked).some(each => each)) asked.since = day(dayText(dayNumber(today()) - 1));
  let after = 0, shown = 0;
  const said = h("p", { role: "status" });
  const more = h("button", { onclick: () => read().catch(fault => fill(said, faultBox(fault))) }, `The next ${Most}`);
  const form = h("form", { class: "keyform", role: "search", "aria-label": "Audit", onsubmit: submit },
    Fields.map(([name, title, hint]) => labelled(title, h("input", { id: `audit-${name}`, name, placeholder: hint, value: asked[name], autocomplete: "off", spellcheck: false }))), h("button", { class: "main" }, "Find"));
  const list = table("Audit", ["Time, UTC", "Action", "Caller", "Target", "Status", "Detail"], []);
  // A filter that is written wrongly is told beside the form, where it can be mended.
  const fault = await read().catch(problem => {
    if (problem.status !== 400) throw problem;
    return problem;
  });
  fill(into, h("h2", null, "Audit"), form, fault && faultBox(fault), said, list.element, more);

  async function read() {
    const text = await (await ask("audit", { ...asked, after, limit: Most }, { signal })).text();
    /** @type {any[]} */
    const entries = text.split("\n").filter(each => each).map(each => JSON.parse(each));
    list.add(entries.map(each => Members.map(member => each[member])));
    after = entries.at(-1)?.number ?? after;
    shown += entries.length;
    more.hidden = entries.length < Most;
    fill(said, `${count(shown)}${more.hidden ? "" : " and more"} entries, oldest first`);
  }

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    go("status", new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]).filter(([, value]) => value)));
  }
}
