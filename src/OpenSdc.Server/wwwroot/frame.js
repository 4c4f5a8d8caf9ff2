// What every view shares with the frame around it.
import { Problem } from "./api.js";
import { h } from "./dom.js";

/**
 * @typedef {object} View What a view is given.
 * @property {HTMLElement} main Where it stands.
 * @property {URLSearchParams} parameters What follows the question mark of its address.
 * @property {string} rest What follows its name.
 * @property {AbortSignal} signal Ends with the view.
 * @property {Head} head
 */

/** The newest change that the archive has told of; the views listen to "change". */
export class Head extends EventTarget {
  seq = -1;
  history = "";
}

/** @param {unknown} fault @param {() => void} [again] */
export function faultBox(fault, again) {
  const errors = fault instanceof Problem ? fault.errors : [];
  return h("div", { class: "fault", role: "alert" },
    h("p", null, fault instanceof Error ? fault.message : String(fault)),
    errors.length > 0 && h("ul", null, errors.map(each => h("li", null, each))),
    again && h("button", { onclick: again }, "Try again"));
}

/** Changes the parameters of the present view in the address, and shows it anew. @param {string} name @param {URLSearchParams} parameters @param {boolean} [replace] */
export function go(name, parameters, replace = false) {
  const text = parameters.toString().replaceAll("%2C", ",").replaceAll("%2A", "*");
  const hash = `#/${name}${text ? "?" + text : ""}`;
  if (replace) {
    history.replaceState(null, "", hash);
    dispatchEvent(new Event("hashchange"));
  } else if (location.hash === hash) dispatchEvent(new Event("hashchange"));
  else location.hash = hash;
}

/** @param {Record<string, string | null | undefined>} of @returns {Record<string, string>} */
export const clean = of => /** @type {any} */ (Object.fromEntries(Object.entries(of).filter(([, value]) => value)));

/** @param {string} view @param {Record<string, string | null | undefined>} parameters */
export const hrefOf = (view, parameters) => `#/${view}?${new URLSearchParams(clean(parameters))}`;
