// The archive's public API: everything that the page shows comes through here.

/** The archive's address, with a slash at the end; the page may lie below a proxy's path. */
export const base = new URL("../", import.meta.url);

/** An error answer of the archive, or none at all. */
export class Problem extends Error {
  /** @param {number} status @param {string} code @param {string} sentence @param {string[]} errors @param {any} body */
  constructor(status, code, sentence, errors = [], body = null) {
    super(sentence);
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.body = body;
  }

  /** @param {Response} answer */
  static async of(answer) {
    const body = await answer.json().catch(() => null);
    const code = String(body?.type ?? "").split(":").pop() ?? "";
    return new Problem(answer.status, code, body?.detail ?? body?.body ?? `The archive answered ${answer.status}.`, body?.errors ?? [], body);
  }
}

/** @type {Promise<Archive> | null} */
let described = null;

/** Credentials for this tab. They are sent with each question, never with the bytes. */
const credentials = {
  /** @type {Record<string, string>} */
  headers: {},
};

/** @param {Record<string, string>} headers */
export function useCredentials(headers) {
  credentials.headers = headers;
  described = null;
  dispatchEvent(new Event("caller"));
}

export const hasCredentials = () => Object.keys(credentials.headers).length > 0;

/** The header of this tab's caller for lines to copy, which name a variable and never the secret. */
export const secret = () => !hasCredentials() ? null
  : "x-api-key" in credentials.headers ? { name: "x-api-key", lead: "", variable: "OPENSDC_API_KEY" } : { name: "Authorization", lead: "Bearer ", variable: "OPENSDC_ACCESS_TOKEN" };

/** @param {string} path @param {Asked} [parameters] */
export function address(path, parameters = {}) {
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined && each !== "") url.searchParams.append(name, String(each));
    }
  }
  return url;
}

/** An answer with a good status; otherwise a Problem. @param {string} path @param {Asked} [parameters] @param {RequestInit} [init] */
export async function ask(path, parameters = {}, init = {}) {
  let answer;
  try {
    answer = await fetch(address(path, parameters), { ...init, headers: { Accept: "*/*", ...credentials.headers, ...init.headers } });
  } catch (fault) {
    if (init.signal?.aborted) throw fault;
    throw offline();
  }
  if (answer.ok || answer.status === 304 || answer.type === "opaqueredirect") return answer;
  throw await Problem.of(answer);
}

/** @param {string} path @param {Asked} [parameters] @param {RequestInit} [init] @returns {Promise<any>} */
export const json = async (path, parameters, init) => whole((await ask(path, parameters, init)).json(), init?.signal);

/** Bytes that are coming; a connection that breaks meanwhile is a Problem. @template T @param {Promise<T>} bytes @param {AbortSignal | null} [signal] @returns {Promise<T>} */
export const whole = (bytes, signal) => bytes.catch(fault => {
  throw signal?.aborted ? fault : offline();
});

const offline = () => new Problem(0, "offline", "The archive does not answer; there may be no connection.");

/** @param {Asked} parameters @param {AbortSignal} [signal] @returns {Promise<FileRecord[]>} */
export const query = (parameters, signal) => json("query", parameters, { signal });

/** @param {Asked} parameters @param {AbortSignal} [signal] @returns {Promise<Period[]>} */
export const coverage = (parameters, signal) => json("coverage", parameters, { signal });

/** What the archive says of itself, asked for once. @returns {Promise<Archive>} */
export function archive() {
  described ??= json("", {}, { headers: { Accept: "application/json" } }).catch(fault => {
    described = null;
    throw fault;
  });
  return described;
}

/** Whether the caller has a scope. @param {Archive} about @param {"read" | "upload" | "release" | "admin"} scope */
export const may = (about, scope) => about.caller?.scopes.includes(scope) ?? false;

/** Rows as they come, each a line of JSON. @param {Asked} parameters @param {AbortSignal} signal @param {(headers: Headers) => void} onHeaders @param {(rows: FileRecord[]) => void} onRows */
export async function stream(parameters, signal, onHeaders, onRows) {
  const answer = await ask("query", { ...parameters, format: "ndjson" }, { signal });
  onHeaders(answer.headers);
  const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await whole(reader.read(), signal);
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    onRows(lines.map(line => JSON.parse(line)));
  }
}

/** The signed address of a file's bytes. @param {string} name @param {AbortSignal} [signal] */
export async function signedUrl(name, signal) {
  return (await (await ask("query", { filename: name, format: "urls" }, { signal })).text()).trim();
}

/** Asks for the totals again and again, by tag, while the page is seen; after a fault it waits longer each time. @param {(headers: Headers, totals: Facets) => void} onChange @param {(fault: Problem | null) => void} onState */
export async function poll(onChange, onState) {
  let tag = "", faults = 0;
  for (;;) {
    while (document.hidden) await new Promise(done => document.addEventListener("visibilitychange", done, { once: true }));
    const { headers } = credentials;
    try {
      const answer = await ask("facets", { table: "*" }, { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} });
      faults = 0;
      if (answer.status !== 304) {
        tag = answer.headers.get("ETag") ?? "";
        onChange(answer.headers, await whole(answer.json()));
      }
      onState(null);
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      tag = "";
      faults++;
      onState(fault);
    }
    // Another caller is asked for at once.
    if (headers === credentials.headers) await pause(5000 * Math.min(12, 2 ** faults));
  }
}

/** @param {number} milliseconds @param {AbortSignal} [signal] @returns {Promise<void>} */
export const pause = (milliseconds, signal) => new Promise(done => {
  const over = new AbortController();
  const end = () => { clearTimeout(timer); over.abort(); done(); };
  const timer = setTimeout(end, milliseconds);
  signal?.addEventListener("abort", end, over);
  for (const each of ["online", "caller"]) addEventListener(each, end, over);
});
