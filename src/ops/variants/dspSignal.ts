// SPDX-License-Identifier: Apache-2.0
// Audio front ends with DSP instructions: the reference kernels' parameters, butterflies on both parts of a number at once.
import { inputOf } from '../op.js';
import { rfft } from '../rfft.js';
import { workOfReference } from './choose.js';
import type { Variant } from './variant.js';

export const dspSignalVariants: readonly Variant[] = [
  {
    kernel: 'mote_rfft_s16__dsp',
    op: 'rfft',
    isa: 'dsp',
    lower(node, context) {
      if (inputOf(node, context.graph, 0).dtype !== 'int16') return undefined;
      return {
        call: { ...rfft.lower(node, context), kernel: this.kernel },
        work: workOfReference(rfft, node, context),
      };
    },
  },
];
