// SPDX-License-Identifier: Apache-2.0
// Rows of reductions over axes.
import type { TfliteNode } from './node.js';
import * as schema from './schema.js';

export const convertReduction =
  (op: string) =>
  (n: TfliteNode): void => {
    const rank = n.input(0).shape.length;
    const axes = [...new Set(n.ints(1, 'list of axes').map((a) => n.axis(a, rank)))].sort((a, b) => a - b);
    const keepDims = n.option(schema.ReducerOptions, schema.ReducerOptions.keepDims);
    n.emit(op, n.inputs.slice(0, 1), { axes, keepDims });
  };

/** The first of equal elements, as an int32; a file that wants int64 is refused by its output's type. */
export const convertArg =
  (op: 'argMax' | 'argMin') =>
  (n: TfliteNode): void => {
    const axes = n.ints(1, 'axis');
    if (axes.length !== 1) n.broken(`${axes.length} axes`);
    const axis = n.axis(axes[0], n.input(0).shape.length);
    n.emit(op, n.inputs.slice(0, 1), { axis, keepDims: false, last: false });
  };
