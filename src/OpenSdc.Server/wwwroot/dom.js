// Elements are made here, from text: nothing is ever parsed as markup.

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

/** An element of SVG. @param {string} tag @param {Props} props @param {...(Child | Child[])} children @returns {SVGGraphicsElement} */
export function s(tag, props, ...children) {
  const made = /** @type {SVGGraphicsElement} */ (document.createElementNS("http://www.w3.org/2000/svg", tag));
  for (const [name, value] of Object.entries(props)) {
    if ((value ?? false) === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, String(value));
  }
  made.append(...nodes(children));
  return made;
}

/** @param {...(Child | Child[])} children */
export const quiet = (...children) => h("p", { class: "quiet" }, ...children);

/** A field of a form with its label above it. @param {string} title @param {HTMLElement} input It has an id. */
export const labelled = (title, input) => h("div", { class: "field" }, h("label", { htmlFor: input.id }, title), input);

/** A table in a box that scrolls. A title that begins with # is of numbers; the first cell of a row is its head. @param {string} caption @param {string[]} titles @param {Child[][]} rows */
export function table(caption, titles, rows) {
  const kind = (/** @type {number} */ i) => titles[i].startsWith("#") ? "num" : null;
  const body = h("tbody");
  const add = (/** @type {Child[][]} */ some) => body.append(...some.map(row => h("tr", null, row.map((cell, i) => i === 0 ? h("th", { scope: "row" }, cell) : h("td", { class: kind(i) }, cell)))));
  add(rows);
  const element = h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": caption }, h("table", { class: "wide" }, h("caption", { class: "offscreen" }, caption),
    h("thead", null, h("tr", null, titles.map((each, i) => h("th", { scope: "col", class: kind(i) }, each.replace("#", ""))))), body));
  return { element, body, add };
}

/** @param {string} title @param {...(Child | Child[])} children */
export const section = (title, ...children) => h("section", null, h("h2", null, title), ...children);

/** Titles with their values, where there are any. @param {[string, Child | Child[]][]} rows */
export const facts = rows => h("dl", { class: "record" }, rows.filter(([, value]) => (value ?? "") !== "")
  .map(([title, value]) => h("div", null, h("dt", null, title), h("dd", null, value))));

/** @param {Element} into @param {...(Child | Child[])} children */
export function fill(into, ...children) {
  into.replaceChildren(...nodes(children));
}

/** @param {(Child | Child[])[]} children @returns {(Node | string)[]} */
function nodes(children) {
  return children.flat().filter(each => (each ?? false) !== false).map(each => each instanceof Node ? each : String(each));
}

/** @param {HTMLElement} on @param {Props} props */
function set(on, props) {
  for (const [name, value] of Object.entries(props)) {
    if ((value ?? null) === null || value === false && name.startsWith("on")) continue;
    if (name.startsWith("on")) on.addEventListener(name.slice(2), value);
    else if (name === "class") on.className = value;
    else if (name === "style") Object.assign(on.style, value);
    else if (name in on && !name.includes("-")) /** @type {any} */ (on)[name] = value;
    else on.setAttribute(name, String(value));
  }
}

/** A button that copies a text and says so. @param {string} text @param {string} [label] */
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
