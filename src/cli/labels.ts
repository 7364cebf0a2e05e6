// SPDX-License-Identifier: Apache-2.0
// --labels Y.npy.
import { argmax } from '../argmax.js';
import { fail } from './errors.js';
import { readNpyFile } from './files.js';

/** Class numbers from a label file: [N], [N, 1] or one-hot [N, classes]. */
export async function readLabels(path: string, count: number, classes: number): Promise<number[]> {
  const { shape, data } = await readNpyFile(path);
  const oneHot = shape.length === 2 && shape[1] === classes && classes > 1;
  const labels = oneHot
    ? Array.from({ length: shape[0] }, (_, k) => argmax(data.slice(k * classes, (k + 1) * classes)))
    : Array.from(data as ArrayLike<number | bigint>, Number);
  if (labels.length !== count) fail('data.broken', { path, reason: `${labels.length} labels for ${count} samples` });
  const bad = labels.find((l) => !Number.isInteger(l) || l < 0 || l >= classes);
  if (bad !== undefined) fail('data.broken', { path, reason: `label ${bad} is no class of 0…${classes - 1}` });
  return labels;
}
