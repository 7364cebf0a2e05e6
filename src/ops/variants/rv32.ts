// SPDX-License-Identifier: Apache-2.0
// Kernels for RV32IMC without vector or bit-manipulation extensions.
import { rv32ConvVariants } from './rv32Conv.js';
import { rv32DepthwiseVariants } from './rv32Depthwise.js';
import { rv32WinogradVariants } from './rv32Winograd.js';
import type { Variant } from './variant.js';

export const rv32Variants: readonly Variant[] = [
  ...rv32ConvVariants,
  ...rv32DepthwiseVariants,
  ...rv32WinogradVariants,
];
