// Who the caller is to the archive, and the key of this tab.
import { archive } from "./api.js";
import { facts, fill, h, labelled, quiet } from "./dom.js";
import { spaced, time } from "./format.js";
import { faultBox } from "./frame.js";
import { issuer, signIn } from "./oidc.js";
import { forget, isSignedIn, takeFault, useKey } from "./session.js";

/** @type {Record<string, string>} */
const Scopes = { read: "reads unreleased files too", upload: "uploads", release: "releases files", admin: "administers: keys, withdrawals, the audit" };

/** @param {View} view */
export async function show({ main, signal }) {
  /** A key that is not right any more must not keep its owner from forgetting it. @type {unknown} */
  let wrong = takeFault();
  const about = await archive().catch(problem => {
    if (!isSignedIn()) throw problem;
    wrong = problem;
    return null;
  });
  if (signal.aborted) return;
  const caller = about?.caller;
  const isNobody = !caller || caller.name === "anyone" || caller.name === "anonymous";
  const institute = await issuer();
  if (signal.aborted) return;
  const fault = h("div");
  const input = h("input", { type: "password", id: "key", autocomplete: "off", spellcheck: false, required: true, placeholder: "sdc_…" });
  fill(main, h("h1", null, "Access"),
    wrong !== null && faultBox(wrong),
    about && h("p", null, about.open ? "This archive is open: everybody who reaches it reads everything and may upload. Keys work as well." : isNobody ? "You see what is released. A key of the archive, or a sign-in at the institute, shows this tab what it allows." : "What you see and may do:"),
    caller && !isNobody && facts([["Caller", caller.name], ["May", caller.scopes.map(each => Scopes[each] ?? each).join("; ") || "reads what is released"],
      ["Uploads only", caller.upload_limits?.map(each => Object.entries(each).map(([field, values]) => `${spaced(field)} ${values.join(", ")}`).join(" with ")).join("; or ")],
      ["Until", caller.expires && `${time(caller.expires)} UTC`]]),
    institute && isNobody && h("p", null, h("button", { class: "main", onclick: () => signIn(institute).catch(problem => fill(fault, faultBox(problem))) }, `Sign in at ${new URL(institute.issuer).host}`)),
    h("form", { class: "keyform", onsubmit: use }, labelled("API key", input), h("button", { class: "main" }, "Use it in this tab"),
      isSignedIn() && h("button", { onclick: leave }, "Sign out")),
    fault,
    quiet("A key or token stays in this tab until it is closed, and goes to this archive alone. No cookies."));

  /** @param {Event} event */
  async function use(event) {
    event.preventDefault();
    useKey(input.value.trim());
    try {
      await archive();
      dispatchEvent(new Event("hashchange"));
    } catch (problem) {
      useKey("");
      fill(fault, faultBox(problem));
      input.focus();
    }
  }

  function leave() {
    forget();
    dispatchEvent(new Event("hashchange"));
  }
}
