// SPDX-License-Identifier: Apache-2.0
// How a slice of weights is best written: the palette, the divisors of the Golomb-Rice codes, zero runs or none.
// Every possible coding has a size in bits that histograms tell exactly, but for the padding of the last chunks.
// Format: Arm's mlw_codec (Vela, Apache-2.0).

/** A palette index is written as it is (`plain`), or as a quotient and `divisor` bits. */
export interface IndexCode {
  plain: boolean;
  divisor: number;
  /** No quotient is above 2, which saves the last bit of 2. */
  truncated: boolean;
}

export interface SliceCoding {
  /** Sign-magnitude values with the sign in bit 0, the commonest first. */
  palette: readonly number[];
  /** What the first index behind the palette stands for. */
  directOffset: number;
  valueBits: number;
  index: IndexCode;
  /** Bits of a zero run's remainder; without it zeros are weights as others. */
  zeroDivisor?: number;
  bits: number;
}

/** Sign and magnitude as the palette has them. */
export const signMagnitude = (weight: number): number => (weight < 0 ? (-weight << 1) | 1 : weight << 1);

const headerBits = 3 + 15 + 3 + 1 + 1;
const paletteHeaderBits = 5 + 5 + 3;
const largestPalette = 32;
const largestDivisor = 5;
const largestZeroDivisor = 3;
/** Largest `directOffset`: five bits. */
const largestOffset = 31;
const valueBitsRange = [2, 9] as const;

/** How often each sign-magnitude value occurs, and each length of a run of zeros before, between and behind the others. */
export interface SliceHistogram {
  values: Uint32Array;
  count: number;
  runs: Map<number, number>;
}

export function histogramOf(weights: Int16Array): SliceHistogram {
  const values = new Uint32Array(512);
  const runs = new Map<number, number>();
  let run = 0;
  for (const weight of weights) {
    values[signMagnitude(weight)]++;
    if (weight === 0) {
      run++;
      continue;
    }
    runs.set(run, (runs.get(run) ?? 0) + 1);
    run = 0;
  }
  runs.set(run, (runs.get(run) ?? 0) + 1);
  return { values, count: weights.length, runs };
}

/** Histogram of two stretches that follow each other, as near as runs across the border allow. */
export function joined(a: SliceHistogram, b: SliceHistogram): SliceHistogram {
  const runs = new Map(a.runs);
  for (const [length, n] of b.runs) runs.set(length, (runs.get(length) ?? 0) + n);
  return { values: a.values.map((n, i) => n + b.values[i]), count: a.count + b.count, runs };
}

/** Bits of a quotient: two and a bit more for each two, one bit for 0. */
function quotientBits(quotient: number, truncated: boolean): number {
  if (truncated) return quotient === 0 ? 1 : 2;
  return 2 * (quotient >> 1) + 1 + (quotient & 1);
}

/** The cheapest code for indices that occur `counts[i]` times. */
function indexCode(counts: readonly number[], plainBits: number | undefined): { code: IndexCode; bits: number } {
  const total = counts.reduce((a, b) => a + b, 0);
  let best: { code: IndexCode; bits: number } | undefined;
  if (plainBits !== undefined)
    best = { code: { plain: true, divisor: plainBits, truncated: false }, bits: total * plainBits };
  for (let divisor = 0; divisor <= largestDivisor; divisor++) {
    const truncated = counts.length <= 3 << divisor;
    const bits = counts.reduce((sum, n, i) => sum + n * (quotientBits(i >> divisor, truncated) + divisor), 0);
    if (!best || bits < best.bits) best = { code: { plain: false, divisor, truncated }, bits };
  }
  return best as { code: IndexCode; bits: number };
}

/** The cheapest divisor for runs of zeros. */
function zeroCode(runs: ReadonlyMap<number, number>): { divisor: number; bits: number } {
  let best = { divisor: 0, bits: Number.POSITIVE_INFINITY };
  for (let divisor = 0; divisor <= largestZeroDivisor; divisor++) {
    let bits = 0;
    for (const [length, n] of runs) bits += n * ((length >> divisor) + 1 + divisor);
    if (bits < best.bits) best = { divisor, bits };
  }
  return best;
}

const bitsFor = (value: number): number =>
  Math.min(valueBitsRange[1], Math.max(valueBitsRange[0], 32 - Math.clz32(value)));

interface Value {
  value: number;
  n: number;
}

/** Indices by a palette of the `size` commonest values: those first, then all others as they are. */
function withPalette(sorted: readonly Value[], size: number): Omit<SliceCoding, 'zeroDivisor'> {
  const palette = sorted.slice(0, size).map((v) => v.value);
  const others = sorted.slice(size).sort((a, b) => a.value - b.value);
  const directOffset = Math.min(largestOffset, others[0]?.value ?? 0);
  const counts: number[] = sorted.slice(0, size).map((v) => v.n);
  for (const { value, n } of others) counts[size + value - directOffset] = n;
  for (let i = 0; i < counts.length; i++) counts[i] ??= 0;
  const largest = sorted.reduce((a, v) => Math.max(a, v.value), 0);
  const valueBits = bitsFor(largest);
  const plain = size === 0 ? bitsFor(largest - directOffset) : others.length === 0 ? bitsOfSize(size) : undefined;
  const { code, bits } = indexCode(counts, plain);
  // Without a palette, plain indices have as many bits as a value would have.
  const width = code.plain && size === 0 ? code.divisor : valueBits;
  return {
    palette,
    directOffset,
    valueBits: width,
    index: code,
    bits: bits + headerBits + paletteHeaderBits + size * valueBits,
  };
}

const bitsOfSize = (size: number): number => Math.ceil(Math.log2(size));

/** Sizes that are tried; a palette has none or at least two entries. */
const paletteSizes = [0, 2, 3, 4, 6, 8, 12, 16, 24, 32] as const;

function bestPalette(values: readonly Value[]): Omit<SliceCoding, 'zeroDivisor'> {
  const sorted = [...values].sort((a, b) => b.n - a.n || a.value - b.value);
  const whole = sorted.length >= 2 && sorted.length <= largestPalette ? [sorted.length] : [];
  const sizes = [...paletteSizes.filter((size) => size <= sorted.length), ...whole];
  return sizes.map((size) => withPalette(sorted, size)).reduce((a, b) => (b.bits < a.bits ? b : a));
}

/** The coding with the fewest bits. */
export function bestCoding({ values, count, runs }: SliceHistogram): SliceCoding {
  const all = Array.from(values, (n, value) => ({ value, n })).filter((v) => v.n > 0);
  const plain = bestPalette(all);
  const nonZero = all.filter((v) => v.value !== 0);
  if (nonZero.length === 0 || values[0] === 0 || count === 0) return plain;
  const zeros = zeroCode(runs);
  const sparse = bestPalette(nonZero);
  const bits = sparse.bits + zeros.bits;
  return bits < plain.bits ? { ...sparse, zeroDivisor: zeros.divisor, bits } : plain;
}
