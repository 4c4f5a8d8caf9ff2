// A table of many rows, of which only those that are seen are in the page; ARIA tells of all.
import { fill, h } from "./dom.js";

const RowHeight = 24;
const Extra = 12;

/** @template T */
export class VirtualTable {
  /** @type {T[]} */
  rows = [];
  /** @type {Column<T>[]} */
  columns = [];
  sort = "";
  total = 0;

  #from = -1;
  #to = -1;
  #active = 0;
  #isQueued = false;

  /** @param {string} label @param {(sort: string) => void} onSort @param {(row: T) => void} onOpen */
  constructor(label, onSort, onOpen) {
    this.onSort = onSort;
    this.onOpen = onOpen;
    this.head = h("div", { role: "rowgroup", class: "vhead" });
    this.body = h("div", { role: "rowgroup", class: "vbody" });
    this.element = h("div", { class: "vtable", role: "grid", "aria-label": label, "aria-readonly": "true", tabIndex: 0, onscroll: () => this.#queue(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) }, this.head, this.body);
    new ResizeObserver(() => this.#queue()).observe(this.element);
    // A printed table has all rows.
    window.onbeforeprint = () => this.#draw(true);
    window.onafterprint = () => this.#queue();
  }

  /** Shows other rows or columns from the beginning. @param {Column<T>[]} columns @param {string} sort */
  reset(columns, sort) {
    this.columns = columns;
    this.sort = sort;
    this.rows = [];
    this.total = 0;
    this.#active = 0;
    this.element.scrollTop = 0;
    this.element.style.setProperty("--tracks", columns.map(each => each.width ?? "max-content").join(" "));
    const [field, descends] = sort.startsWith("-") ? [sort.slice(1), true] : [sort, false];
    fill(this.head, h("div", { role: "row", class: "vrow", "aria-rowindex": 1 }, columns.map((column, i) => {
      const isSorted = column.sort !== undefined && column.sort === field;
      return h("div", { role: "columnheader", "aria-colindex": i + 1, class: column.numeric ? "num" : null, "aria-sort": isSorted ? (descends ? "descending" : "ascending") : null },
        column.sort
          ? h("button", { onclick: () => this.onSort(isSorted && !descends ? `-${column.sort}` : String(column.sort)) }, column.title, isSorted && h("span", { "aria-hidden": "true" }, descends ? " ↓" : " ↑"))
          : column.title);
    })));
    this.element.setAttribute("aria-colcount", String(columns.length));
    this.element.removeAttribute("aria-activedescendant");
    this.body.replaceChildren();
    this.#from = this.#to = -1;
    this.add([]);
  }

  /** @param {T[]} rows */
  add(rows) {
    this.rows.push(...rows);
    this.body.style.height = `${this.rows.length * RowHeight}px`;
    this.count(this.total);
    this.#queue();
  }

  /** @param {number} total */
  count(total) {
    this.total = total;
    this.element.setAttribute("aria-rowcount", String(Math.max(total, this.rows.length) + 1));
  }

  #queue() {
    if (this.#isQueued) return;
    this.#isQueued = true;
    requestAnimationFrame(() => {
      this.#isQueued = false;
      this.#draw();
    });
  }

  #draw(isWhole = false) {
    const height = this.element.clientHeight || 600;
    const first = Math.floor(this.element.scrollTop / RowHeight), most = this.rows.length;
    const from = isWhole ? 0 : Math.max(0, first - Extra), to = isWhole ? most : Math.min(most, first + Math.ceil(height / RowHeight) + Extra);
    if (from === this.#from && to === this.#to) return;
    [this.#from, this.#to] = [from, to];
    // Rows that stay are not touched, so that they are not laid out again.
    const { body } = this, index = (/** @type {Element} */ row) => Number(row.getAttribute("aria-rowindex")) - 2;
    const rows = (/** @type {number} */ start, /** @type {number} */ end) => Array.from({ length: Math.max(0, end - start) }, (_, i) => this.#row(start + i));
    while (body.firstElementChild && index(body.firstElementChild) < from) body.firstElementChild.remove();
    while (body.lastElementChild && index(body.lastElementChild) >= to) body.lastElementChild.remove();
    body.prepend(...rows(from, body.firstElementChild ? index(body.firstElementChild) : to));
    body.append(...rows(body.lastElementChild ? index(body.lastElementChild) + 1 : to, to));
  }

  /** @param {number} i */
  #row(i) {
    const row = this.rows[i];
    const isActive = i === this.#active;
    const made = h("div", { role: "row", id: `row${i}`, class: isActive ? "vrow active" : "vrow", "aria-rowindex": i + 2, "aria-selected": String(isActive) },
      this.columns.map((column, at) => h("div", { role: "gridcell", "aria-colindex": at + 1, class: column.numeric ? "num" : null }, column.cell(row))));
    made.style.top = `${i * RowHeight}px`;
    return made;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.target !== this.element || this.rows.length === 0) return;
    const page = Math.max(1, Math.floor(this.element.clientHeight / RowHeight) - 2);
    /** @type {Record<string, number>} */
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -this.rows.length, End: this.rows.length };
    if (event.key === "Enter") {
      this.onOpen(this.rows[this.#active]);
      return;
    }
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.#mark(false);
    this.#active = Math.min(this.rows.length - 1, Math.max(0, this.#active + step));
    const top = this.#active * RowHeight, seen = this.element.clientHeight - RowHeight * 1.5;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top > this.element.scrollTop + seen - RowHeight) this.element.scrollTop = top - seen + RowHeight;
    this.#draw();
    this.#mark(true);
    this.element.setAttribute("aria-activedescendant", `row${this.#active}`);
  }

  /** @param {boolean} isActive */
  #mark(isActive) {
    const row = this.body.querySelector(`#row${this.#active}`);
    row?.classList.toggle("active", isActive);
    row?.setAttribute("aria-selected", String(isActive));
  }
}
