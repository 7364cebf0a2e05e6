// SPDX-License-Identifier: Apache-2.0
// Trellis-coded quantization with two quantizers (dependent quantization, as in VVC and ISO/IEC 15938-17; Marcellin and
// Fischer, "Trellis coded quantization", 1990): a state says which of them a number is of, even multiples of the step or
// zero and odd ones, and the parity of its level says which state comes next. Along a path numbers lie twice as far apart
// as all that can be reached.

/** By state, what follows on an even and on an odd level (NNC's eight states). */
export const nextStates: readonly (readonly [even: number, odd: number])[] = [
  [0, 2],
  [7, 5],
  [1, 3],
  [6, 4],
  [2, 0],
  [5, 7],
  [3, 1],
  [4, 6],
];

export const quantizers = 2;

/** 0: even multiples; 1: odd ones and zero. */
export const quantizerOf = (state: number): number => state & 1;

/** Level k of quantizer 0 is 2k, of quantizer 1 it is 2k less the sign of k. */
export const multipleOf = (quantizer: number, level: number): number => 2 * level - quantizer * Math.sign(level);

/** A half where the quantizer does not have the multiple. */
export const levelOf = (quantizer: number, multiple: number): number =>
  (multiple + quantizer * Math.sign(multiple)) / 2;

export const stateAfter = (state: number, level: number): number => nextStates[state][level & 1];

/** Kernels hold several rows side by side; each lane goes its own way. The lane of a number is the bits that `lanes` has
 *  of its place within its period. */
export const laneBits = 6;
export const maxLanes = 1 << laneBits;

/** The levels of a sequence of multiples by quantizer, in their order; undefined where a lane leaves the trellis. */
export function levelsOf(
  multiples: readonly number[],
  lanes: number,
  period: number,
): { level: number; quantizer: number }[] | undefined {
  const levels: { level: number; quantizer: number }[] = [];
  const states = new Uint8Array(maxLanes);
  for (let i = 0; i < multiples.length; i++) {
    const lane = (i % period) & lanes;
    const quantizer = quantizerOf(states[lane]);
    const level = levelOf(quantizer, multiples[i]);
    if (!Number.isInteger(level)) return undefined;
    levels.push({ level, quantizer });
    states[lane] = stateAfter(states[lane], level);
  }
  return levels;
}
