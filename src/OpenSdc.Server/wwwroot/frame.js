// What every view shares with the frame around it.
import { Problem } from "./api.js";
import { h } from "./dom.js";

/** The newest change that the archive has told of; the views listen to "change". */
export class Head extends EventTarget {
  seq = -1;
}

/** @param {unknown} fault @param {() => void} [again] */
export function faultBox(fault, again) {
  const errors = fault instanceof Problem ? fault.errors : [];
  const box = h("div", { class: "fault", role: "alert" },
    h("p", null, fault instanceof Error ? fault.message : String(fault)),
    errors.length > 0 && h("ul", null, errors.map(each => h("li", null, each))),
    again && h("button", { onclick: again }, "Try again"));
  if (again) addEventListener("online", () => { if (box.isConnected) again(); }, { once: true });
  return box;
}

/** Shows a view with these parameters, also where they are those of the present one. @param {string} name @param {URLSearchParams} parameters */
export function go(name, parameters) {
  const text = parameters.toString().replaceAll("%2C", ",").replaceAll("%2A", "*");
  const hash = `#/${name}${text ? "?" + text : ""}`;
  if (location.hash === hash) dispatchEvent(new Event("hashchange"));
  else location.hash = hash;
}

/** @param {Record<string, string | null | undefined>} of @returns {Record<string, string>} */
export const clean = of => /** @type {any} */ (Object.fromEntries(Object.entries(of).filter(([, value]) => value)));

/** @param {string} view @param {Record<string, string | null | undefined>} parameters */
export const hrefOf = (view, parameters) => `#/${view}?${new URLSearchParams(clean(parameters))}`;
