// One file's way into the archive.
import { archive, ask, json, pause, Problem } from "./api.js";
import { nameOf } from "./format.js";

/** From this size on a file is sent in parts. */
const InParts = 48 << 20;
const PartsAtOnce = 2;
const Tries = 6;

/** @param {unknown} fault */
const mayPass = fault => fault instanceof Problem && (fault.status === 0 || fault.status === 408 || fault.status === 429 || fault.status >= 500 && fault.status !== 507);

/** @param {unknown} fault @returns {fault is Problem} */
const isTaken = fault => fault instanceof Problem && fault.status === 409 && fault.code === "exists";

export class Transfer {
  state = "waiting";
  sentence = "";
  /** @type {string[]} */
  errors = [];
  done = 0;
  sha256 = "";
  /** @type {Receipt | null} */
  receipt = null;

  /** @type {string | null} */
  #uploadId = null;
  #abort = new AbortController();

  /** @param {File} file @param {(of: Transfer) => void} onChange @param {(file: File, onDone: (done: number) => void, signal: AbortSignal) => Promise<string>} digest */
  constructor(file, onChange, digest) {
    this.file = file;
    this.onChange = onChange;
    this.digest = digest;
  }

  get name() {
    return this.file.name;
  }

  get isOver() {
    return ["published", "there", "refused", "failed", "cancelled"].includes(this.state);
  }

  /** @param {string} state @param {string} [sentence] @param {string[]} [errors] */
  #set(state, sentence = "", errors = []) {
    [this.state, this.sentence, this.errors] = [state, sentence, errors];
    this.onChange(this);
  }

  /** Whether the archive takes the name. */
  async check() {
    this.#set("checking");
    try {
      if (this.file.size === 0) throw new Problem(400, "empty-file", "The file is empty.");
      await this.#asked(() => this.#permit());
      this.#set("ready");
    } catch (fault) {
      // The name is taken: by these bytes, perhaps, which their digest will tell.
      if (isTaken(fault)) this.#set("ready", "The name is taken.");
      else this.#fail(fault);
    }
  }

  async run() {
    try {
      if (!this.sha256) {
        this.#set("digesting");
        this.sha256 = await this.digest(this.file, done => {
          this.done = done;
          this.onChange(this);
        }, this.#abort.signal);
      }
      // Who may not read learns of a file only by its digest.
      const permit = await this.#asked(() => this.#permit().catch(fault => {
        if (!isTaken(fault)) throw fault;
        return fault;
      }));
      if (permit instanceof Problem) {
        if (permit.body?.sha256 === this.sha256) this.#set("there", "The archive has these bytes already.");
        else this.#set("refused", "The archive has other bytes under this name; give the file a new version.");
        return;
      }
      this.done = 0;
      this.#set("sending");
      const receipt = this.file.size >= InParts ? await this.#sendParts() : await this.#sendWhole(permit);
      if (receipt.sha256 !== this.sha256) throw new Problem(500, "other-digest", "The archive's receipt has another digest than the file.");
      this.receipt = receipt;
      this.done = this.file.size;
      this.#set("published", `change ${receipt.seq}`);
    } catch (fault) {
      this.#fail(fault);
    }
  }

  cancel() {
    if (this.isOver) return;
    this.#abort.abort();
    if (this.#uploadId) ask(`uploads/${this.#uploadId}`, {}, { method: "DELETE" }).catch(() => { /* It expires by itself. */ });
    this.#uploadId = null;
    this.#set("cancelled");
  }

  wait() {
    this.#set("waiting");
  }

  /** Goes on where it failed. */
  async retry() {
    this.#abort = new AbortController();
    await this.check();
    if (this.state === "ready") await this.run();
  }

  /** @param {unknown} fault */
  #fail(fault) {
    if (this.#abort.signal.aborted) return;
    if (fault instanceof Problem) this.#set(mayPass(fault) ? "failed" : "refused", fault.message, fault.errors);
    else this.#set("failed", fault instanceof Error ? fault.message : String(fault));
  }

  /** Asks again after faults that pass: a restart, too much at once, no connection, for which no try counts. @template T @param {() => Promise<T>} question @returns {Promise<T>} */
  async #asked(question) {
    for (let tries = 1; ;) {
      try {
        return await question();
      } catch (fault) {
        if (this.#abort.signal.aborted || !mayPass(fault) || navigator.onLine && tries === Tries) throw fault;
        this.sentence = `${/** @type {Problem} */ (fault).message} Trying again.`;
        this.onChange(this);
        await pause(navigator.onLine ? 500 * 2 ** tries++ : 30000, this.#abort.signal);
        this.sentence = "";
      }
    }
  }

  /** @param {Response | null} permit @returns {Promise<Receipt>} */
  async #sendWhole(permit) {
    const { transfers } = await archive();
    let url = "";
    return this.#asked(async () => {
      const asked = permit ?? await this.#permit().catch(fault => {
        // The answer of an earlier try may have been lost.
        if (isTaken(fault) && fault.body?.sha256 === this.sha256) return null;
        throw fault;
      });
      permit = null;
      if (asked) url = await asked.json();
      const answer = await this.#put(url, this.file, done => { this.done = done; }, transfers === "direct" ? {} : this.#digestHeader());
      const id = asked?.headers.get("OpenSDC-Upload-Id");
      return id ? this.#follow(id) : JSON.parse(answer);
    });
  }

  /** Asks whether the archive takes the name. */
  #permit() {
    return ask(`upload/${encodeURIComponent(this.name)}`, {}, { headers: this.#digestHeader(), signal: this.#abort.signal });
  }

  /** @returns {Record<string, string>} */
  #digestHeader() {
    const bytes = (this.sha256.match(/../g) ?? []).map(each => parseInt(each, 16));
    return bytes.length > 0 ? { "Repr-Digest": `sha-256=:${btoa(String.fromCharCode(...bytes))}:` } : {};
  }

  /** The upload in parts that this file began before a reload or a crash of the tab; otherwise a new one. @returns {Promise<string>} */
  async #begin() {
    const { signal } = this.#abort;
    for (let cursor = ""; cursor !== null;) {
      const { uploads, next_cursor } = await json("uploads", { state: "open", limit: 1000, cursor }, { signal });
      const own = uploads.find((/** @type {any} */ each) => each.part_size && nameOf(each.file_path) === this.name && each.size === this.file.size && each.sha256 === this.sha256);
      if (own) {
        this.#set("sending", "Goes on where it broke off.");
        return own.id;
      }
      cursor = next_cursor;
    }
    const body = JSON.stringify({ filename: this.name, size: this.file.size, sha256: this.sha256 });
    return (await json("uploads", {}, { method: "POST", body, headers: { "Content-Type": "application/json" }, signal })).id;
  }

  /** @param {string} id @returns {Promise<Receipt>} */
  async #follow(id) {
    for (;;) {
      const upload = await json(`uploads/${id}`, { wait: 20 }, { signal: this.#abort.signal });
      if (upload.receipt) return upload.receipt;
      if (upload.problem) throw new Problem(409, upload.state, upload.problem.detail ?? upload.problem);
      if (upload.state === "expired" || upload.state === "aborted") throw new Problem(409, upload.state, `The upload is ${upload.state}.`);
    }
  }

  /** @returns {Promise<Receipt>} */
  async #sendParts() {
    const signal = this.#abort.signal;
    this.#uploadId ??= await this.#asked(() => this.#begin());
    const id = /** @type {string} */ (this.#uploadId);
    for (;;) {
      const { urls } = await this.#asked(() => json(`uploads/${id}/parts`, { from: 1, count: 1000 }, { signal }));
      if (urls.length === 0) break;
      /** @type {{ part: number, offset: number, size: number, url: string }[]} */
      const waiting = urls;
      /** @type {Map<number, number>} */
      const moving = new Map();
      let missing = waiting.reduce((sum, each) => sum + each.size, 0);
      const lane = async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          const part = next;
          await this.#asked(() => this.#put(part.url, this.file.slice(part.offset, part.offset + part.size), done => {
            moving.set(part.part, done);
            this.done = this.file.size - missing + [...moving.values()].reduce((sum, each) => sum + each, 0);
          }));
          moving.delete(part.part);
          missing -= part.size;
        }
      };
      await Promise.all(Array.from({ length: PartsAtOnce }, lane));
      if (signal.aborted) throw new Problem(0, "aborted", "Cancelled.");
    }
    this.#set("publishing");
    for (;;) {
      const answer = await this.#asked(() => ask(`uploads/${id}/complete`, { wait: 10 }, { method: "POST", signal }));
      if (answer.status !== 202) return answer.json();
    }
  }

  /** Sends bytes; only the old kind of request tells how many have gone. @param {string} url @param {Blob} body @param {(done: number) => void} onDone @param {Record<string, string>} [headers] @returns {Promise<string>} */
  #put(url, body, onDone, headers = {}) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const give = () => request.abort();
      request.open("PUT", url);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.upload.addEventListener("progress", event => {
        onDone(event.loaded);
        this.onChange(this);
      });
      request.addEventListener("loadend", () => this.#abort.signal.removeEventListener("abort", give));
      request.addEventListener("load", () => {
        if (request.status >= 200 && request.status < 300) resolve(request.responseText);
        else Problem.of(new Response(request.responseText, { status: request.status })).then(reject);
      });
      request.addEventListener("error", () => reject(new Problem(0, "offline", "The connection broke.")));
      request.addEventListener("abort", () => reject(new Problem(0, "aborted", "Cancelled.")));
      this.#abort.signal.addEventListener("abort", give);
      request.send(body);
    });
  }
}
