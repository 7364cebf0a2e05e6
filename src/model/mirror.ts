// SPDX-License-Identifier: Apache-2.0
// Padding with elements of the input: where each element of a padded dimension comes from.

export type PadMode = 'reflect' | 'symmetric' | 'edge';

/** Elements that a mode can put on each side; undefined: as many as wanted. */
export const padLimit = (mode: PadMode, size: number): number | undefined =>
  mode === 'edge' ? undefined : mode === 'reflect' ? size - 1 : size;

/** `reflect` leaves the edge out of the mirror image, `symmetric` repeats it. */
export function padSources(mode: PadMode, size: number, before: number, behind: number): number[] {
  const edge = mode === 'reflect' ? 0 : 1;
  const sourceOf = (at: number): number => {
    if (at >= 0 && at < size) return at;
    if (mode === 'edge') return at < 0 ? 0 : size - 1;
    return at < 0 ? -at - edge : 2 * size - 2 - at + edge;
  };
  return Array.from({ length: before + size + behind }, (_, i) => sourceOf(i - before));
}
