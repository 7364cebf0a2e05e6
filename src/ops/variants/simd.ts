// SPDX-License-Identifier: Apache-2.0
// Kernels for WebAssembly's 128-bit SIMD: evaluation and search on the host.
import { sameVariants } from './dspAdd.js';
import { simdConvVariants } from './simdConv.js';
import { simdDepthwiseVariants } from './simdDepthwise.js';
import type { Variant } from './variant.js';

export const simdVariants: readonly Variant[] = [
  ...simdConvVariants,
  ...simdDepthwiseVariants,
  ...sameVariants('mote_add_s8_same__simd128', 'simd128'),
];
