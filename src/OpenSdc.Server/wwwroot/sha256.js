// SHA-256 piece by piece: the browser's own wants the whole file in memory, and is missing over plain HTTP.

const K = new Uint32Array(64);
const Initial = new Uint32Array(8);
// Fractional parts of the roots of the first primes (FIPS 180-4).
for (let n = 2, i = 0; i < 64; n++) {
  let isPrime = true;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) isPrime = false;
  if (!isPrime) continue;
  if (i < 8) Initial[i] = fraction(Math.sqrt(n));
  K[i++] = fraction(Math.cbrt(n));
}

/** @param {number} x */
function fraction(x) {
  return (x - Math.floor(x)) * 4294967296 >>> 0;
}

export class Sha256 {
  #state = Initial.slice();
  #block = new Uint8Array(64);
  #used = 0;
  #length = 0;
  #w = new Uint32Array(64);

  /** @param {Uint8Array} bytes */
  update(bytes) {
    this.#length += bytes.length;
    let at = 0;
    if (this.#used > 0) {
      at = Math.min(64 - this.#used, bytes.length);
      this.#block.set(bytes.subarray(0, at), this.#used);
      this.#used += at;
      if (this.#used < 64) return this;
      this.#compress(this.#block, 0);
      this.#used = 0;
    }
    for (; at + 64 <= bytes.length; at += 64) this.#compress(bytes, at);
    this.#block.set(bytes.subarray(at));
    this.#used = bytes.length - at;
    return this;
  }

  /** The digest; nothing can be added afterwards. @returns {string} 64 hexadecimal digits */
  hex() {
    const bits = this.#length;
    const tail = new Uint8Array((this.#used < 56 ? 64 : 128) - this.#used);
    tail[0] = 0x80;
    const view = new DataView(tail.buffer);
    view.setUint32(tail.length - 8, Math.floor(bits / 536870912));
    view.setUint32(tail.length - 4, bits * 8 % 4294967296);
    this.update(tail);
    return [...this.#state].map(each => each.toString(16).padStart(8, "0")).join("");
  }

  /** @param {Uint8Array} bytes @param {number} at */
  #compress(bytes, at) {
    const w = this.#w, s = this.#state;
    for (let i = 0; i < 16; i++, at += 4) w[i] = bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15], y = w[i - 2];
      w[i] = w[i - 16] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) + w[i - 7] + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10) | 0;
    }
    let a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
    for (let i = 0; i < 64; i++) {
      const t = h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (e & f ^ ~e & g) + K[i] + w[i] | 0;
      const u = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c) | 0;
      h = g;
      g = f;
      f = e;
      e = d + t | 0;
      d = c;
      c = b;
      b = a;
      a = t + u | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((each, i) => { s[i] += each; });
  }
}
