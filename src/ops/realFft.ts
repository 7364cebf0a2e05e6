// SPDX-License-Identifier: Apache-2.0
// The FFT of real numbers in integers: half as many complex numbers, decimated in time by four (and once by two), then
// split. int16 divides before every butterfly and rounds as KISS FFT does with FIXED_POINT=16, bit for bit; int32 does not
// divide, so its input must leave as many bits free as the FFT has stages.
import type { TensorData } from '../model/graph.js';

/** Cosine and minus sine in Q15, in turn. */
export interface Twiddles {
  /** size / 2 turns of the half-size FFT. */
  turns: Int16Array;
  /** size / 4 for the split, from the first. */
  split: Int16Array;
}

const unit = 32767;

function turnsOf(count: number, phase: (i: number) => number): Int16Array {
  const out = new Int16Array(2 * count);
  for (let i = 0; i < count; i++) {
    out[2 * i] = Math.floor(0.5 + unit * Math.cos(phase(i)));
    out[2 * i + 1] = Math.floor(0.5 + unit * Math.sin(phase(i)));
  }
  return out;
}

export function twiddlesOf(size: number): Twiddles {
  const half = size / 2;
  return {
    turns: turnsOf(half, (i) => (-2 * Math.PI * i) / half),
    split: turnsOf(half / 2, (i) => -Math.PI * ((i + 1) / half + 0.5)),
  };
}

interface Arithmetic {
  wrap(x: number): number;
  /** x / k before a butterfly of k. */
  divide(x: number, k: number): number;
  /** A sum of two products with Q15. */
  fromQ15(x: number): number;
  /** Half of a sum of two numbers. */
  half(x: number): number;
}

const wrap16 = (x: number): number => (x << 16) >> 16;
const wrap32 = (x: number): number => x | 0;
const arithmetics: Readonly<Record<'int16' | 'int32', Arithmetic>> = {
  int16: {
    wrap: wrap16,
    divide: (x, k) => wrap16((x * Math.floor(unit / k) + 16384) >> 15),
    fromQ15: (x) => wrap16((x + 16384) >> 15),
    half: (x) => wrap16(x >> 1),
  },
  int32: {
    wrap: wrap32,
    divide: (x) => x,
    fromQ15: (x) => wrap32(Math.floor((x + 16384) / 32768)),
    half: (x) => wrap32(x) >> 1,
  },
};

type Complex = readonly [re: number, im: number];

class HalfFft {
  readonly data: Int32Array;

  constructor(
    private readonly a: Arithmetic,
    private readonly twiddles: Twiddles,
    private readonly count: number,
  ) {
    this.data = new Int32Array(2 * count);
  }

  private at = (i: number): Complex => [this.data[2 * i], this.data[2 * i + 1]];

  private put(i: number, re: number, im: number): void {
    this.data[2 * i] = this.a.wrap(re);
    this.data[2 * i + 1] = this.a.wrap(im);
  }

  private divided = (i: number, k: number): Complex => {
    const [re, im] = this.at(i);
    return [this.a.divide(re, k), this.a.divide(im, k)];
  };

  times([re, im]: Complex, table: Int16Array, i: number): Complex {
    const [c, s] = [table[2 * i], table[2 * i + 1]];
    return [this.a.fromQ15(re * c - im * s), this.a.fromQ15(re * s + im * c)];
  }

  private pair(at: number, m: number, turn: number): void {
    const zero = this.divided(at, 2);
    const one = this.times(this.divided(at + m, 2), this.twiddles.turns, turn);
    this.put(at + m, zero[0] - one[0], zero[1] - one[1]);
    this.put(at, zero[0] + one[0], zero[1] + one[1]);
  }

  private four(at: number, m: number, turn: number): void {
    const { turns } = this.twiddles;
    const { wrap } = this.a;
    const zero = this.divided(at, 4);
    const [one, two, three] = [1, 2, 3].map((k) => this.times(this.divided(at + k * m, 4), turns, k * turn));
    // Real and imaginary part of the sum and of the difference of two of the four.
    const [re, im] = [0, 1].map((c) => [wrap(zero[c] + two[c]), wrap(zero[c] - two[c])]);
    const [otherRe, otherIm] = [0, 1].map((c) => [wrap(one[c] + three[c]), wrap(one[c] - three[c])]);
    this.put(at, re[0] + otherRe[0], im[0] + otherIm[0]);
    this.put(at + m, re[1] + otherIm[1], im[1] - otherRe[1]);
    this.put(at + 2 * m, re[0] - otherRe[0], im[0] - otherIm[0]);
    this.put(at + 3 * m, re[1] - otherIm[1], im[1] + otherRe[1]);
  }

  run(): void {
    for (let m = 1; m < this.count; ) {
      const radix = m === 1 && Math.log2(this.count) % 2 === 1 ? 2 : 4;
      const turn = this.count / (m * radix);
      for (let block = 0; block < this.count; block += m * radix)
        for (let j = 0; j < m; j++)
          if (radix === 2) this.pair(block + j, m, j * turn);
          else this.four(block + j, m, j * turn);
      m *= radix;
    }
  }

  /** From the spectrum of even and odd samples as one complex signal to that of all samples. */
  split(): void {
    const { half, wrap } = this.a;
    const n = this.count;
    const [re, im] = this.divided(0, 2);
    this.put(0, re + im, 0);
    for (let k = 1; k <= n / 2; k++) {
      const [low, high] = [this.divided(k, 2), this.divided(n - k, 2)];
      const sum = [wrap(low[0] + high[0]), wrap(low[1] - high[1])];
      const turned = this.times([wrap(low[0] - high[0]), wrap(low[1] + high[1])], this.twiddles.split, k - 1);
      this.put(k, half(sum[0] + turned[0]), half(sum[1] + turned[1]));
      this.put(n - k, half(sum[0] - turned[0]), half(turned[1] - sum[1]));
    }
  }
}

/** Place of the input that follows `from` in the order of the first butterflies: digits counted from the other end. */
function nextInput(from: number, count: number): number {
  let place = from;
  for (let stride = count, bits = Math.log2(count) % 2 === 1 ? 1 : 2; stride > 1; bits = 2) {
    stride >>= bits;
    const mask = ((1 << bits) - 1) * stride;
    const digit = (place + stride) & mask;
    place = (place & ~mask) | digit;
    if (digit !== 0) break;
  }
  return place;
}

/** Bins 0 to size / 2 - 1, real and imaginary parts in turn; bin 0 has `exponent` for its imaginary part, which is 0. */
export function realFft(
  input: Exclude<TensorData, BigInt64Array>,
  kind: 'int16' | 'int32',
  twiddles: Twiddles,
  exponent: number,
): Int32Array {
  const count = input.length / 2;
  const fft = new HalfFft(arithmetics[kind], twiddles, count);
  for (let i = 0, from = 0; i < count; i++, from = nextInput(from, count)) {
    fft.data[2 * i] = input[2 * from] * 2 ** exponent;
    fft.data[2 * i + 1] = input[2 * from + 1] * 2 ** exponent;
  }
  fft.run();
  fft.split();
  fft.data[1] = exponent;
  return fft.data;
}
