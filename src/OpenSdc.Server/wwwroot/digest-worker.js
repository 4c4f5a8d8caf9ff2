// Digests files one after the other; each message is one file and its number.
import { Sha256 } from "./sha256.js";

const Piece = 4 << 20;

let turn = Promise.resolve();

addEventListener("message", event => {
  const { id, file } = /** @type {{ id: number, file: File }} */ (/** @type {MessageEvent} */ (event).data);
  turn = turn.then(() => digest(id, file));
});

/** @param {number} id @param {File} file */
async function digest(id, file) {
  try {
    const sum = new Sha256();
    for (let at = 0; at < file.size; at += Piece) {
      sum.update(new Uint8Array(await file.slice(at, at + Piece).arrayBuffer()));
      postMessage({ id, done: Math.min(file.size, at + Piece) });
    }
    postMessage({ id, sha256: sum.hex() });
  } catch (fault) {
    // Such as a file that was changed since it was dropped.
    postMessage({ id, fault: fault instanceof Error ? fault.message : String(fault) });
  }
}
