// SPDX-License-Identifier: Apache-2.0
// Test only: the float registers of the core, and of the float instructions those by which programs for the K210 work out
// its clocks. The RISC-V Instruction Set Manual, volume I, chapters 11 and 12.

export class Rv64Floats {
  /** Two words for each register, the lower first. */
  readonly bits = new Uint32Array(64);
  readonly #view = new DataView(this.bits.buffer);

  get(register: number, double: boolean): number {
    return double ? this.#view.getFloat64(8 * register, true) : this.#view.getFloat32(8 * register, true);
  }

  set(register: number, double: boolean, value: number): 'done' {
    if (double) this.#view.setFloat64(8 * register, value, true);
    else this.#view.setFloat32(8 * register, value, true);
    return 'done';
  }

  /** What an integer register becomes, or 'done'; undefined for an instruction that is not here. `x` is that of rs1. */
  compute(i: number, x: number): number | 'done' | undefined {
    const [rd, rs1, rs2] = [(i >>> 7) & 31, (i >>> 15) & 31, (i >>> 20) & 31];
    const double = ((i >>> 25) & 3) === 1;
    const opcode = i & 0x7f;
    const [a, b] = [this.get(rs1, double), this.get(rs2, double)];
    if (opcode >= 0x43 && opcode <= 0x4f && (opcode & 3) === 3) {
      const c = this.get(i >>> 27, double);
      const product = (opcode & 8) === 0 ? a * b : -(a * b);
      return this.set(
        rd,
        double,
        opcode === 0x43 || opcode === 0x4f
          ? product + (opcode === 0x43 ? c : -c)
          : product + (opcode === 0x47 ? -c : c),
      );
    }
    if (opcode !== 0x53) return undefined;
    return this.#operate(i, x, { rd, rs2, double, a, b });
  }

  #operate(
    i: number,
    x: number,
    { rd, rs2, double, a, b }: { rd: number; rs2: number; double: boolean; a: number; b: number },
  ): number | 'done' | undefined {
    switch (i >>> 27) {
      case 0:
        return this.set(rd, double, a + b);
      case 1:
        return this.set(rd, double, a - b);
      case 2:
        return this.set(rd, double, a * b);
      case 3:
        return this.set(rd, double, a / b);
      case 0x14:
        return Number([a <= b, a < b, a === b][(i >>> 12) & 7] ?? false);
      case 0x18: // to an integer; rounded toward zero where the instruction says so, else to the nearest
        return (((i >>> 12) & 7) === 1 ? Math.trunc(a) : Math.round(a)) | 0;
      case 0x1a:
        return this.set(rd, double, rs2 & 1 ? x >>> 0 : x);
      case 0x1c:
        return this.bits[2 * ((i >>> 15) & 31)] | 0;
      case 0x1e:
        this.bits[2 * rd] = x;
        return 'done';
      default:
        return undefined;
    }
  }
}
