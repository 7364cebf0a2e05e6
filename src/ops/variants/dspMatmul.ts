// SPDX-License-Identifier: Apache-2.0
// int8 matrix products with DSP instructions: the reference kernel's parameters, and scratch for four columns of int16.
import { matmul } from '../matmul.js';
import { inputOf, type KernelCall } from '../op.js';
import { workOfReference } from './choose.js';
import type { Variant } from './variant.js';

/** Columns that are widened together. */
const columnsTogether = 4;

export const dspMatmulVariants: readonly Variant[] = [
  {
    kernel: 'mote_matmul_s8s8__dsp',
    op: 'matmul',
    isa: 'dsp',
    lower(node, context) {
      const a = inputOf(node, context.graph, 0);
      if (a.dtype !== 'int8') return undefined;
      const depth = 4 * Math.ceil((a.shape.at(-1) ?? 1) / 4);
      const scratchBytes = 2 * columnsTogether * depth;
      const call: KernelCall = { ...matmul.lower(node, context), kernel: this.kernel, scratchBytes };
      return { call, work: workOfReference(matmul, node, context) };
    },
  },
];
