// The frame: which view the address asks for, and what stands in the header.
import { archive, may, poll, whole } from "./api.js";
import { fill, h } from "./dom.js";
import { faultBox, Head } from "./frame.js";
import { restore } from "./session.js";
import { count } from "./format.js";

/** Each view is a module of its name; the start is what no name asks for. */
const views = ["search", "coverage", "file", "upload", "status", "access"];

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const state = /** @type {HTMLElement} */ (document.getElementById("state"));

const head = new Head();
let current = new AbortController();
let isFirst = true;
let shownPath = "";

async function route() {
  const [path, search = ""] = (location.hash.startsWith("#/") ? location.hash.slice(2) : "").split("?");
  const [asked, ...rest] = path.split("/");
  const name = views.includes(asked) ? asked : "start";
  current.abort();
  current = new AbortController();
  const { signal } = current;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    const of = decodeURIComponent(rest.join("/"));
    const about = await archive().catch(() => null);
    showCaller(about);
    const mission = about ? `${about.mission.toUpperCase()} archive` : "Archive";
    fill(/** @type {HTMLElement} */ (document.getElementById("name")), mission);
    document.title = [name === "start" ? "" : of || name[0].toUpperCase() + name.slice(1), mission].filter(each => each).join(" · ");
    const view = await whole(import(`./${name}.js`));
    if (signal.aborted) return;
    fill(main);
    main.dataset.view = name;
    // A new view is read from its beginning, not one that changes its own state.
    if (!isFirst && path !== shownPath) {
      scrollTo(0, 0);
      main.focus({ preventScroll: true });
    }
    isFirst = false;
    shownPath = path;
    await view.show({ main, parameters: new URLSearchParams(search), rest: of, signal, head });
  } catch (fault) {
    if (!signal.aborted) fill(main, faultBox(fault, route));
  }
}

/** What the caller may not do is not offered. @param {Archive | null} about */
function showCaller(about) {
  const upload = /** @type {HTMLElement | null} */ (document.querySelector('nav a[href="#/upload"]'));
  if (upload) upload.hidden = about !== null && !may(about, "upload");
  const access = document.querySelector('nav a[href="#/access"]');
  if (access) fill(access, about?.caller && !["anyone", "anonymous"].includes(about.caller.name) ? about.caller.name : about?.open === false ? "Sign in" : "Access");
}

async function watch() {
  /** @type {number | null} */
  let files = null;
  await poll((headers, totals) => {
    const first = head.seq < 0;
    head.seq = Number(headers.get("OpenSDC-Seq"));
    files = totals.files;
    if (!first) head.dispatchEvent(new Event("change"));
  }, fault => {
    state.classList.toggle("off", fault !== null);
    fill(state, fault ? (fault.status === 0 ? "No connection; trying again" : fault.message)
      : files === null ? "" : [h("b", null, count(files)), " files · change ", count(head.seq), " · times are UTC"]);
  });
}

addEventListener("hashchange", () => { if (location.hash === "" || location.hash.startsWith("#/")) route(); });
document.querySelector(".skip")?.addEventListener("click", event => {
  event.preventDefault();
  main.focus();
});

await restore();
route();
watch();
