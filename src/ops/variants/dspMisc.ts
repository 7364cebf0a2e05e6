// SPDX-License-Identifier: Apache-2.0
// DSP kernels of everything that is not shaped like a matrix product.
import { dspAddVariants } from './dspAdd.js';
import { dspDepthwiseVariants } from './dspDepthwise.js';
import { dspDepthwise16Variants } from './dspDepthwise16.js';
import { dspDynamicVariants } from './dspDynamic.js';
import { dspPoolVariants } from './dspPool.js';
import type { Variant } from './variant.js';

export const dspMiscVariants: readonly Variant[] = [
  ...dspAddVariants,
  ...dspDepthwiseVariants,
  ...dspPoolVariants,
  ...dspDepthwise16Variants,
  ...dspDynamicVariants,
];
