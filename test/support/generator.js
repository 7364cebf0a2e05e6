// SPDX-License-Identifier: Apache-2.0
// The inputs of test/oracle/record_goldens.py, byte for byte: one xorshift32 stream per model, seed 1.
export class Generator {
  state = 1;
  byte() {
    let s = this.state;
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    this.state = s;
    return s >>> 24;
  }
  noise(count) {
    return Int8Array.from({ length: count }, () => this.byte());
  }
  runs(count) {
    const out = new Int8Array(count);
    for (let at = 0; at < count; ) {
      const value = this.byte();
      const length = 1 + (this.byte() & 63);
      out.fill(value, at, Math.min(count, at + length));
      at += length;
    }
    return out;
  }
}
/** The first `limit` of the 50 samples that the goldens were recorded with. */
export function goldenInputs(elements, limit = 50) {
  const generator = new Generator();
  return Array.from({ length: 50 }, (_, k) => (k < 25 ? generator.noise(elements) : generator.runs(elements))).slice(
    0,
    limit,
  );
}
//# sourceMappingURL=generator.js.map
