// SPDX-License-Identifier: Apache-2.0
// Decodes the compressed weights of Ethos-U: slices of Golomb-Rice coded palette indices and zero runs, interleaved in
// chunks of twelve symbols, least significant bit first. Format: Arm's mlw_codec (Vela, Apache-2.0).

type Broken = (reason: string) => never;

const endOfStream = 7;
const noZeroRuns = 6;
const uncompressed = 7;
const chunkSymbols = 12;
/** A slice decodes to at most this many weights with its zero runs; more is damage, not weights. */
const maxWeights = 1 << 26;

class Bits {
  at = 0;
  constructor(
    private readonly bytes: Uint8Array,
    private readonly broken: Broken,
  ) {}

  get(count: number): number {
    if (this.at + count > 8 * this.bytes.length) this.broken('a weight stream ends in the middle of a slice');
    let value = 0;
    for (let i = 0; i < count; i++, this.at++) value |= ((this.bytes[this.at >> 3] >> (this.at & 7)) & 1) << i;
    return value;
  }

  align(): void {
    this.at = (this.at + 7) & ~7;
  }

  get ended(): boolean {
    return this.at >> 3 >= this.bytes.length;
  }
}

interface Palette {
  directOffset: number;
  entries: number[];
  bits: number;
}

interface SliceHeader {
  /** Bits of a zero run's remainder, or `noZeroRuns`. */
  zeroDivisor: number;
  length: number;
  /** Bits of an index' remainder. */
  divisor: number;
  plain: boolean;
  truncated: boolean;
  newPalette: boolean;
}

/** The weights, 9 bits signed, in the order in which the hardware takes them. */
export function decodeWeights(bytes: Uint8Array, broken: Broken): Int16Array {
  const bits = new Bits(bytes, broken);
  const out: number[] = [];
  let palette: Palette | undefined;
  for (;;) {
    let zeroDivisor = bits.get(3);
    while (zeroDivisor === endOfStream) {
      bits.align();
      palette = undefined;
      if (bits.ended) return Int16Array.from(out);
      zeroDivisor = bits.get(3);
    }
    const length = bits.get(15) + 1;
    const divisor = bits.get(3);
    const truncated = bits.get(1) === 1;
    const newPalette = bits.get(1) === 1;
    if (newPalette) palette = readPalette(bits);
    if (!palette) return broken('the first slice of a weight stream has no palette');
    if (zeroDivisor > 3 && zeroDivisor !== noZeroRuns) broken(`a weight slice has a zero divisor of ${zeroDivisor}`);
    const plain = divisor === uncompressed;
    if (!plain && divisor > 5) broken(`a weight slice has a divisor of ${divisor}`);
    const header = { zeroDivisor, length, divisor: plain ? plainBits(palette) : divisor, plain, truncated, newPalette };
    readSlice(bits, header, palette, out, broken);
    if (out.length > maxWeights) broken(`a weight stream has more than ${maxWeights} weights`);
  }
}

function readPalette(bits: Bits): Palette {
  const directOffset = bits.get(5);
  const size = bits.get(5);
  const width = bits.get(3) + 2;
  return { directOffset, bits: width, entries: Array.from({ length: size > 0 ? size + 1 : 0 }, () => bits.get(width)) };
}

/** Bits of an index that is stored as it is. */
function plainBits({ entries, bits }: Palette): number {
  return entries.length === 0 ? bits : Math.ceil(Math.log2(entries.length));
}

/** One of the two interleaved sequences of a slice: quotients come a chunk before their remainders. */
interface Lane {
  values: number[];
  /** Symbols whose quotients are known. */
  position: number;
  carry: number;
  waiting: number[];
}

const newLane = (): Lane => ({ values: [], position: 0, carry: 0, waiting: [] });

function readSlice(bits: Bits, header: SliceHeader, palette: Palette, out: number[], broken: Broken): void {
  const weights = newLane();
  const zeros = newLane();
  const useZeros = header.zeroDivisor !== noZeroRuns;
  const zeroCount = header.length + (header.newPalette ? 1 : 0);
  for (;;) {
    const balance = useZeros ? weights.position - zeros.position : 0;
    const takeWeights = (balance < 8 || !useZeros) && weights.position < header.length;
    const takeZeros = useZeros && balance >= 0 && zeros.position < zeroCount;
    const unary = takeWeights && !header.plain ? bits.get(chunkSymbols) : 0;
    const zeroQuotients = takeZeros ? readZeroQuotients(bits, zeros, header.zeroDivisor) : [];
    const quotients = takeWeights ? readQuotients(bits, weights, unary, header) : [];
    finishWaiting(bits, weights, header.divisor, header.length);
    finishWaiting(bits, zeros, header.zeroDivisor, zeroCount);
    weights.waiting = quotients;
    zeros.waiting = zeroQuotients;
    if (!takeWeights && !takeZeros) break;
  }
  interleave(weights.values, useZeros ? zeros.values : undefined, header, palette, out, broken);
}

function readZeroQuotients(bits: Bits, lane: Lane, divisor: number): number[] {
  const count = divisor < 3 ? 12 : 8;
  const unary = bits.get(count);
  const quotients: number[] = [];
  for (let i = 0; i < count; i++) {
    if (unary & (1 << i)) lane.carry++;
    else {
      quotients.push(lane.carry);
      lane.carry = 0;
    }
  }
  lane.position += quotients.length;
  return quotients;
}

/** Unary parts of up to twelve indices: a first bit each, and a second for those whose first is set. */
function readQuotients(bits: Bits, lane: Lane, unary: number, header: SliceHeader): number[] {
  const symbols = header.plain && header.divisor > 5 ? 8 : chunkSymbols;
  let seconds = 0;
  for (let i = 0; i < symbols; i++) seconds += (unary >> i) & 1;
  let second = bits.get(seconds);
  const quotients: number[] = [];
  for (let i = 0; i < symbols; i++) {
    let code = 0;
    if (unary & (1 << i)) {
      code = 1 + (second & 1);
      second >>= 1;
    }
    lane.carry += code;
    if (code < 2 || header.truncated) {
      quotients.push(lane.carry);
      lane.carry = 0;
    }
  }
  lane.position += quotients.length;
  return quotients;
}

function finishWaiting(bits: Bits, lane: Lane, divisor: number, limit: number): void {
  for (const quotient of lane.waiting) {
    if (lane.values.length >= limit) break;
    lane.values.push((quotient << divisor) + bits.get(divisor));
  }
}

function interleave(
  indices: readonly number[],
  zeros: readonly number[] | undefined,
  { newPalette, length }: SliceHeader,
  palette: Palette,
  out: number[],
  broken: Broken,
): void {
  const offset = newPalette ? 1 : 0;
  const run = (i: number): void => {
    const count = zeros?.[i] ?? 0;
    if (out.length + count > maxWeights) broken(`a weight stream has more than ${maxWeights} weights`);
    for (let k = 0; k < count; k++) out.push(0);
  };
  if (newPalette) run(0);
  for (let i = 0; i < length; i++) {
    const index = indices[i];
    const size = palette.entries.length;
    const value = index < size ? palette.entries[index] : index - size + palette.directOffset;
    const magnitude = value >> 1;
    out.push(value & 1 ? -magnitude : magnitude);
    run(i + offset);
  }
}
