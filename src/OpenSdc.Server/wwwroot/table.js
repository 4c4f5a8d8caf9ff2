// A table of many rows of which only those that are seen are in the page. Assistive technology is told of all of them by counts and indexes.
import { fill, h } from "./dom.js";

/**
 * @template T
 * @typedef {object} Column
 * @property {string} name
 * @property {string} title
 * @property {(row: T) => import("./dom.js").Child} cell
 * @property {string} [sort] The name by which the archive sorts it.
 * @property {boolean} [numeric]
 * @property {string} [width] Of the grid's track.
 */

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
    this.element = h("div", { class: "vtable", role: "table", "aria-label": label, tabIndex: 0, onscroll: () => this.#queue(), onkeydown: /** @param {KeyboardEvent} e */ e => this.#key(e) }, this.head, this.body);
    new ResizeObserver(() => this.#queue()).observe(this.element);
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
    this.#redraw();
  }

  /** @param {T[]} rows */
  add(rows) {
    this.rows.push(...rows);
    this.#redraw();
  }

  /** @param {number} total */
  count(total) {
    this.total = total;
    this.element.setAttribute("aria-rowcount", String(total + 1));
  }

  #redraw() {
    this.#from = this.#to = -1;
    this.body.style.blockSize = `${this.rows.length * RowHeight}px`;
    this.element.setAttribute("aria-rowcount", String(Math.max(this.total, this.rows.length) + 1));
    this.#queue();
  }

  #queue() {
    if (this.#isQueued) return;
    this.#isQueued = true;
    requestAnimationFrame(() => {
      this.#isQueued = false;
      this.#draw();
    });
  }

  #draw() {
    const height = this.element.clientHeight || 600;
    const first = Math.floor(this.element.scrollTop / RowHeight);
    const from = Math.max(0, first - Extra), to = Math.min(this.rows.length, first + Math.ceil(height / RowHeight) + Extra);
    if (from === this.#from && to === this.#to) return;
    const kept = new Map();
    if (this.#from >= 0) {
      for (const row of this.body.children) kept.set(Number(/** @type {HTMLElement} */ (row).dataset.index), row);
    }
    [this.#from, this.#to] = [from, to];
    const shown = [];
    for (let i = from; i < to; i++) shown.push(kept.get(i) ?? this.#row(i));
    this.body.replaceChildren(...shown);
  }

  /** @param {number} i */
  #row(i) {
    const row = this.rows[i];
    const made = h("div", { role: "row", class: i === this.#active ? "vrow active" : "vrow", "aria-rowindex": i + 2 },
      this.columns.map((column, at) => h("div", { role: "cell", "aria-colindex": at + 1, class: column.numeric ? "num" : null }, column.cell(row))));
    made.dataset.index = String(i);
    made.style.insetBlockStart = `${i * RowHeight}px`;
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
    this.#active = Math.min(this.rows.length - 1, Math.max(0, this.#active + step));
    const top = this.#active * RowHeight, seen = this.element.clientHeight - RowHeight * 1.5;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top > this.element.scrollTop + seen - RowHeight) this.element.scrollTop = top - seen + RowHeight;
    this.#from = this.#to = -1;
    this.body.replaceChildren();
    this.#draw();
  }
}
