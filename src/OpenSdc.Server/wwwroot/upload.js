// Upload: files and folders that are dropped, several at once.
import { archive, may } from "./api.js";
import { copyButton, fill, h, quiet, table } from "./dom.js";
import { bytes, count, counted, viewOf } from "./format.js";
import { Transfer } from "./transfer.js";

const AtOnce = 3;
const ChecksAtOnce = 6;

/** @type {Record<string, string>} */
const Words = {
  waiting: "waiting", checking: "checking the name", ready: "ready", digesting: "computing the digest", sending: "sending", publishing: "being published",
  published: "published", there: "was there already", refused: "refused", failed: "failed", cancelled: "cancelled",
};

/** The list outlives the view. @type {Transfer[]} */
const transfers = [];
/** @type {((of: Transfer) => void) | null} */
let onChange = null;
let isRunning = false;

/** @param {View} view */
export async function show({ main, signal }) {
  const about = await archive();
  if (signal.aborted) return;
  const isAllowed = may(about, "upload");
  /** @type {Map<Transfer, ReturnType<typeof row>>} */
  const rows = new Map(), changed = new Set();
  const files = h("input", { type: "file", multiple: true, id: "files", class: "offscreen", onchange: chosen });
  const folder = h("input", { type: "file", id: "folder", class: "offscreen", onchange: chosen });
  folder.webkitdirectory = true;
  const zone = !isAllowed ? h("p", null, h("a", { href: "#/access" }, "Sign in"), " with a key that may upload.") : h("div", { class: "drop" },
    h("p", { class: "big" }, "Drop files or folders here"),
    h("p", null, h("label", { class: "button", htmlFor: "files" }, "Choose files"), files, " ", h("label", { class: "button", htmlFor: "folder" }, "Choose a folder"), folder),
    quiet("Names are checked at once; SHA-256 is computed here and verified by the archive. A published file never changes."));
  const total = h("p", { role: "status" });
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "All files" });
  const start = h("button", { class: "main", onclick: run }, "Upload");
  const again = h("button", { onclick: () => {
    const failed = transfers.filter(each => each.state === "failed");
    failed.forEach(each => each.wait());
    inLanes(AtOnce, failed, each => each.retry());
  } }, "Retry what failed");
  const stop = h("button", { onclick: () => transfers.forEach(each => each.cancel()) }, "Cancel all");
  const clear = h("button", { onclick: () => {
    transfers.splice(0, transfers.length, ...transfers.filter(each => !each.isOver));
    drawAll();
  } }, "Clear the list");
  const summary = h("span");
  const list = table("Files to upload", ["File", "#Size", "State", "Progress", "Actions"], []);
  list.element.classList.add("uploads");
  fill(main, h("h1", null, "Upload"), zone, h("div", { class: "bar" }, total, start, again, stop, clear, summary), bar, list.element);
  drawAll();
  onChange = redraw;
  signal.addEventListener("abort", () => { onChange = null; });

  // The whole window takes what is dropped; otherwise a near miss would leave the page.
  addEventListener("dragover", event => {
    event.preventDefault();
    zone.classList.toggle("over", isAllowed);
  }, { signal });
  addEventListener("dragleave", () => zone.classList.remove("over"), { signal });
  addEventListener("drop", async event => {
    event.preventDefault();
    zone.classList.remove("over");
    if (isAllowed) add(await filesOf(/** @type {DataTransfer} */ (event.dataTransfer)));
  }, { signal });

  /** @param {Event} event */
  function chosen(event) {
    const input = /** @type {HTMLInputElement} */ (event.target);
    add([...(input.files ?? [])]);
    input.value = "";
  }

  /** @param {File[]} dropped */
  function add(dropped) {
    const known = new Set(transfers.filter(each => !each.isOver).map(each => each.name));
    const added = dropped.filter(each => !each.name.startsWith(".") && !known.has(each.name)).map(each => new Transfer(each, of => onChange?.(of), digest));
    transfers.push(...added);
    drawAll();
    inLanes(ChecksAtOnce, added, each => each.check());
  }

  function drawAll() {
    rows.clear();
    for (const each of transfers) rows.set(each, row(each, may(about, "read")));
    fill(list.body, [...rows.values()].map(each => each.element));
    totals();
  }

  /** @param {Transfer} transfer */
  function redraw(transfer) {
    changed.add(transfer);
    // Once a frame: thousands of files change often.
    if (changed.size === 1) requestAnimationFrame(() => {
      for (const each of changed) rows.get(each)?.draw();
      changed.clear();
      totals();
    });
  }

  function totals() {
    const of = (/** @type {string[]} */ ...states) => transfers.filter(each => states.includes(each.state));
    const size = transfers.reduce((sum, each) => sum + each.file.size, 0);
    const ready = of("ready"), bad = of("refused"), failed = of("failed"), good = of("published", "there"), moving = transfers.filter(each => !each.isOver && each.state !== "ready");
    list.element.hidden = transfers.length === 0;
    fill(total, transfers.length === 0 ? "" : [h("b", null, counted(transfers.length, "file")), `, ${bytes(size)}`, ready.length > 0 && `; ${count(ready.length)} ready`, good.length > 0 && `; ${count(good.length)} in the archive`,
      bad.length > 0 && `; ${count(bad.length)} refused`, failed.length > 0 && `; ${count(failed.length)} failed`]);
    start.hidden = ready.length === 0 || isRunning;
    again.hidden = failed.length === 0;
    stop.hidden = moving.length === 0;
    clear.hidden = !transfers.some(each => each.isOver) || moving.length > 0;
    const counts = transfers.filter(each => !["refused", "cancelled"].includes(each.state));
    bar.hidden = moving.length === 0;
    bar.value = counts.reduce((sum, each) => sum + (each.isOver ? each.file.size : each.state === "digesting" ? 0 : each.done), 0) / Math.max(1, counts.reduce((sum, each) => sum + each.file.size, 0));
    const over = transfers.length > 0 && transfers.every(each => each.isOver);
    if (over) fill(summary, copyButton(["file\tsize\tsha256\tresult", ...transfers.map(each => [each.name, each.file.size, each.sha256, [Words[each.state], each.sentence, ...each.errors].filter(part => part).join(" ")].join("\t"))].join("\n") + "\n", "Copy the summary"));
    else fill(summary);
  }
}

/** Those that still wait when their turn comes. @param {number} lanes @param {Transfer[]} some @param {(of: Transfer) => Promise<void>} work */
function inLanes(lanes, some, work) {
  const waiting = [...some];
  while (lanes-- > 0) lane();
  async function lane() {
    for (let next = waiting.shift(); next; next = waiting.shift()) if (next.state === "waiting") await work(next);
  }
}

/** Several at once, in the order in which they were dropped. */
async function run() {
  if (isRunning) return;
  isRunning = true;
  await Promise.all(Array.from({ length: AtOnce }, async () => {
    for (let next = transfers.find(each => each.state === "ready"); next; next = transfers.find(each => each.state === "ready")) await next.run();
  }));
  isRunning = false;
  if (transfers[0]) onChange?.(transfers[0]);
}

/** @param {Transfer} transfer @param {boolean} isReader */
function row(transfer, isReader) {
  const state = h("td", { class: "state" }), progress = h("progress", { max: 1, value: 0, "aria-label": `Progress of ${transfer.name}` }), actions = h("td");
  const element = h("tr", null, h("th", { scope: "row" }, transfer.name), h("td", { class: "num" }, bytes(transfer.file.size)), state, h("td", null, progress), actions);
  let drawn = "";
  draw();
  return { element, draw };

  function draw() {
    const { file } = transfer;
    progress.value = transfer.isOver ? (transfer.receipt ? 1 : 0) : file.size > 0 ? transfer.done / file.size : 0;
    progress.hidden = !["digesting", "sending", "publishing"].includes(transfer.state);
    const now = [transfer.state, transfer.sentence, ...transfer.errors].join("|");
    if (now === drawn) return;
    drawn = now;
    element.className = transfer.state;
    fill(state, h("b", null, Words[transfer.state]), transfer.sentence && ` ${transfer.sentence}`, transfer.errors.length > 0 && h("ul", null, transfer.errors.map(each => h("li", null, each))));
    fill(actions,
      !transfer.isOver && h("button", { class: "small", "aria-label": `Cancel ${transfer.name}`, onclick: () => transfer.cancel() }, "Cancel"),
      ["failed", "cancelled"].includes(transfer.state) && h("button", { class: "small", "aria-label": `Retry ${transfer.name}`, onclick: () => transfer.retry() }, "Retry"),
      isReader && ["published", "there"].includes(transfer.state) && h("a", { href: viewOf(transfer.name), "aria-label": `See ${transfer.name}` }, "See it"));
  }
}

/** @type {Worker | null} */
let worker = null;
let ids = 0;

/** @param {File} file @param {(done: number) => void} onDone @param {AbortSignal} signal @returns {Promise<string>} */
function digest(file, onDone, signal) {
  worker ??= new Worker(new URL("./digest-worker.js", import.meta.url), { type: "module" });
  const of = worker, id = ids++;
  return new Promise((resolve, reject) => {
    const listen = (/** @type {MessageEvent} */ event) => {
      if (event.data.id !== id) return;
      if (event.data.sha256) end(() => resolve(event.data.sha256));
      else if (event.data.fault) end(() => reject(new Error(`The file cannot be read: ${event.data.fault}`)));
      else onDone(event.data.done);
    };
    const end = (/** @type {() => void} */ how) => {
      of.removeEventListener("message", listen);
      how();
    };
    of.addEventListener("message", listen);
    signal.addEventListener("abort", () => end(() => reject(new Error("Cancelled."))), { once: true });
    of.postMessage({ id, file });
  });
}

/** The files of what was dropped, those of folders too. @param {DataTransfer} dropped @returns {Promise<File[]>} */
async function filesOf(dropped) {
  // All entries are taken before the first wait: afterwards the browser has let them go.
  const entries = [...dropped.items].map(each => each.webkitGetAsEntry()).filter(each => each !== null);
  return entries.length > 0 ? (await Promise.all(entries.map(walk))).flat() : [...dropped.files];
}

/** @param {FileSystemEntry} entry @returns {Promise<File[]>} */
async function walk(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject))];
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const found = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const each of some) found.push(...await walk(each));
  }
}
