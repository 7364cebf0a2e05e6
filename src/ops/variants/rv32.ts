// SPDX-License-Identifier: Apache-2.0
// Kernels for RV32IMC without vector or bit-manipulation extensions.
import { blockConvVariants } from './blockConv.js';
import { blockDepthwiseVariants } from './blockDepthwise.js';
import { rv32BlockRows } from './blockRows.js';
import { sameVariants } from './dspAdd.js';
import { packedListVariants } from './packedList.js';
import { packedPairVariants } from './packedPairs.js';
import { packedPlane } from './packedPlane.js';
import { packedRows } from './packedRows.js';
import { rv32ConvVariants } from './rv32Conv.js';
import { rv32DepthwiseVariants } from './rv32Depthwise.js';
import { rv32PackedDepthwiseVariants } from './rv32PackedDepthwise.js';
import { rv32QuadVariants } from './rv32Quad.js';
import { rv32WinogradVariants } from './rv32Winograd.js';
import type { Variant } from './variant.js';

export const rv32Variants: readonly Variant[] = [
  ...rv32ConvVariants,
  ...rv32DepthwiseVariants,
  ...rv32PackedDepthwiseVariants,
  ...blockConvVariants('rv32'),
  ...blockDepthwiseVariants('rv32'),
  rv32BlockRows,
  ...rv32QuadVariants,
  ...rv32WinogradVariants,
  ...sameVariants('mote_add_s8_same__rv32', 'rv32'),
  ...packedPairVariants('rv32'),
  ...packedListVariants('rv32'),
  packedPlane('rv32'),
  ...packedRows('rv32'),
];
