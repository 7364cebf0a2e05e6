// SPDX-License-Identifier: Apache-2.0
// The row of Clip.
import { NO_TENSOR } from '../graph.js';
import type { Convert } from './elementwise.js';
import { emitIntegerClip, isIntegerClip } from './integers.js';

const largestFloat = 3.4028234663852886e38;

/** A bound at or beyond the end of float32 is none. */
const bound = (value: number): number | null => (Math.abs(value) >= largestFloat ? null : value);

/** Opset 6 has the bounds as attributes, opset 11 as inputs. */
export const convertClip: Convert = (n) => {
  if (isIntegerClip(n))
    return emitIntegerClip(
      n,
      [1, 2].map((i) => (n.opset >= 11 && n.has(i) ? n.id(i) : NO_TENSOR)),
    );
  const limit = (i: number, name: string, byDefault: number): number => {
    if (n.opset < 11) return n.float(name, byDefault);
    return n.has(i) ? n.constantNumber(i, name) : byDefault;
  };
  const min = limit(1, 'min', -largestFloat);
  const max = limit(2, 'max', largestFloat);
  if (Number.isNaN(min) || Number.isNaN(max)) n.broken('a bound is not a number');
  n.emit('clamp', [n.id(0)], { min: bound(min), max: bound(max) });
};
