// SPDX-License-Identifier: Apache-2.0
// Every kernel variant that is no reference kernel, by instruction set.
import { dspVariants } from './dsp.js';
import { mveVariants } from './mve.js';
import { packedTableVariants } from './packedTable.js';
import { portableVariants } from './portable.js';
import { rv32Variants } from './rv32.js';
import { rvvVariants } from './rvv.js';
import { scalarVariants } from './scalarPool.js';
import { simdVariants } from './simd.js';
import { thumbVariants } from './thumb.js';
import type { Variant } from './variant.js';

export const variants: readonly Variant[] = [
  ...dspVariants,
  ...mveVariants,
  ...rv32Variants,
  ...rvvVariants,
  ...simdVariants,
  ...scalarVariants,
  ...packedTableVariants,
  ...thumbVariants,
  ...portableVariants,
];
