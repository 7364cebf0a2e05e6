// SPDX-License-Identifier: Apache-2.0
// Weights by what their errors cost at the network's output, for palettes and outliers. Here, not in src/: it does not help
// enough to be worth its gradients (bench/compression.md).
import type { Sensitivity } from '../src/compress/sensitivity.js';

const leastImportance = 1e-6;

/** What each weight's error costs at the network's output, errors of the others left out (as SqueezeLLM takes Fisher's
 *  diagonal, arXiv:2306.07629). A weight that no gradient reached counts next to nothing, but not nothing. */
export function weightImportances(felt: Sensitivity, rows: number, columns: number): Float64Array {
  const perMatrix = rows / felt.columns.length;
  const all = Float64Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return felt.rows[row * (rows + 1)] * felt.columns[Math.floor(row / perMatrix)][column * (columns + 1)];
  });
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  return mean > 0 ? all.map((v) => Math.max(v, leastImportance * mean)) : all.fill(1);
}
