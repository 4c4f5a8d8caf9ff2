// Elements are made here, from text: nothing in the page is ever parsed as markup.

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, any>} Props */

/**
 * An element. A property that begins with "on" is a listener; "class", ARIA and other names with a dash are attributes; the rest are properties of the element where it has them.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Props | null} [props]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props, ...children) {
  const made = document.createElement(tag);
  if (made instanceof HTMLButtonElement && props?.onclick) made.type = "button";
  set(made, props ?? {});
  made.append(...nodes(children));
  return made;
}

/**
 * An element of SVG.
 * @param {string} tag
 * @param {Props} props
 * @param {...(Child | Child[])} children
 * @returns {SVGElement}
 */
export function s(tag, props, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...nodes(children));
  return made;
}

/** Titles with their values, where there are any. @param {[string, Child | Child[]][]} rows */
export const facts = rows => h("dl", { class: "record" }, rows.filter(([, value]) => value !== null && value !== undefined && value !== "")
  .map(([title, value]) => h("div", null, h("dt", null, title), h("dd", null, value))));

/** @param {Element} into @param {...(Child | Child[])} children */
export function fill(into, ...children) {
  into.replaceChildren(...nodes(children));
}

/** @param {(Child | Child[])[]} children @returns {(Node | string)[]} */
function nodes(children) {
  return children.flat().filter(each => each !== null && each !== undefined && each !== false).map(each => each instanceof Node ? each : String(each));
}

/** @param {HTMLElement} on @param {Props} props */
function set(on, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on")) on.addEventListener(name.slice(2), value);
    else if (name === "class") on.className = value;
    else if (name in on && !name.includes("-")) /** @type {any} */ (on)[name] = value;
    else on.setAttribute(name, String(value));
  }
}

/**
 * A button that copies a text and says so.
 * @param {string} text
 * @param {string} [label]
 */
export function copyButton(text, label = "Copy") {
  const button = h("button", { class: "small", onclick: copy }, label);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without the right, or over plain HTTP: the old way, by a selection.
      const area = h("textarea", { value: text, class: "offscreen" });
      button.after(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 1500);
  }
  return button;
}
