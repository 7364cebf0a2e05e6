// SPDX-License-Identifier: Apache-2.0
// A sequence of integers that runs along the trellis (trellis.ts): the step, a table of levels for each quantizer, and the
// levels, whose parities say which table comes next.
import { fail } from '../../cli/errors.js';
import { type Frequencies, frequenciesOf, type RansDecoder, type RansEncoder } from './rans.js';
import {
  countSymbols,
  frequencyTableBits,
  greatestDivisor,
  kindBits,
  normalized,
  numberBits,
  readFrequencies,
  readNumber,
  symbolBits,
  type Way,
  writeFrequencies,
  writeNumber,
} from './symbols.js';
import { laneBits, levelsOf, maxLanes, multipleOf, quantizerOf, quantizers, stateAfter } from './trellis.js';

export const trellisKind = 4;

/** Levels of one quantizer: both tables fit where the decoder keeps one of the other kinds. */
const levelCountBits = 7;
const maxLevels = 1 << levelCountBits;

/** The levels of one quantizer, as they are coded. */
interface Table {
  least: number;
  counts: Uint16Array;
  frequencies: Frequencies;
  bits: number;
}

function tableOf(levels: readonly number[]): Table | undefined {
  // A quantizer that no state came to: one level, which takes no bits.
  const least = levels.length ? levels.reduce((a, b) => Math.min(a, b)) : 0;
  const symbols = levels.length ? levels.map((k) => k - least) : [0];
  const count = symbols.reduce((a, b) => Math.max(a, b), 0) + 1;
  if (count > maxLevels) return undefined;
  const occurrences = countSymbols(symbols, count);
  const counts = normalized(occurrences);
  return {
    least,
    counts,
    frequencies: frequenciesOf(counts),
    bits:
      numberBits(least) +
      levelCountBits +
      frequencyTableBits(counts) +
      (levels.length ? symbolBits(counts, occurrences) : 0),
  };
}

function writeTable(out: RansEncoder, { least, counts }: Table): void {
  writeNumber(out, least);
  out.bits(counts.length - 1, levelCountBits);
  writeFrequencies(out, counts);
}

function wayAt(values: readonly number[], step: number, lanes: number, period: number): Way | undefined {
  const path = levelsOf(
    values.map((v) => v / step),
    lanes,
    period,
  );
  if (!path) return undefined;
  const tables = Array.from({ length: quantizers }, (_, q) =>
    tableOf(path.filter((p) => p.quantizer === q).map((p) => p.level)),
  );
  if (!tables.every((t) => t !== undefined)) return undefined;
  return {
    kind: trellisKind,
    bits: laneBits + numberBits(step) + tables.reduce((sum, t) => sum + t.bits, 0),
    write: (out) => {
      out.bits(trellisKind, kindBits);
      out.bits(lanes, laneBits);
      writeNumber(out, step);
      for (const table of tables) writeTable(out, table);
      for (const { level, quantizer } of path)
        out.symbol(level - tables[quantizer].least, tables[quantizer].frequencies);
    },
  };
}

/** Undefined where the values, so many in each period, do not run along the trellis. */
export function trellisWay(values: readonly number[], period: number): Way | undefined {
  const step = values.reduce((d, v) => greatestDivisor(d, Math.abs(v)), 0);
  // Where all numbers happen to be even multiples, the step is half of what they have in common.
  const steps = [step, step / 2].filter((s) => Number.isInteger(s) && s > 0);
  const ways = steps.flatMap((s) =>
    Array.from({ length: maxLanes }, (_, lanes) => wayAt(values, s, lanes, period) ?? []).flat(),
  );
  return ways.length ? ways.reduce((best, way) => (way.bits < best.bits ? way : best)) : undefined;
}

/** What trellisWay wrote, or whatever else the stream says. */
export function readTrellis(from: RansDecoder, count: number, period: number): number[] {
  const lanes = from.bits(laneBits);
  const step = readNumber(from);
  const tables = Array.from({ length: quantizers }, () => {
    const least = readNumber(from);
    return { least, frequencies: readFrequencies(from, from.bits(levelCountBits) + 1) };
  });
  const states = new Uint8Array(maxLanes);
  return Array.from({ length: count }, (_, i) => {
    const lane = (i % period) & lanes;
    const quantizer = quantizerOf(states[lane]);
    const { least, frequencies } = tables[quantizer];
    const level = least + from.symbol(frequencies);
    if (!Number.isSafeInteger(level * step))
      fail('model.broken', { reason: 'a level in its coded constants is too large' });
    states[lane] = stateAfter(states[lane], level);
    return step * multipleOf(quantizer, level);
  });
}
