// SPDX-License-Identifier: Apache-2.0
// Kernels for Helium (M-profile vector extension): Cortex-M55.
import { binaryRowVariants } from './binaryRow.js';
import { mveConvVariants } from './mveConv.js';
import { mveDepthwiseVariants } from './mveDepthwise.js';
import { mveElementwiseVariants } from './mveElementwise.js';
import { mveFcVariants } from './mveFc.js';
import { mveInt16Variants } from './mveInt16.js';
import { mveKeptVariants } from './mveKept.js';
import { mvePackedVariants } from './mvePacked.js';
import { mveRowFcVariants } from './mveRowFc.js';
import { mveSpreadVariants } from './mveSpread.js';
import { mveTapsVariants } from './packedTaps.js';
import type { Variant } from './variant.js';
import { vectorBinaryVariants } from './vectorBinary.js';
import { vectorConcatVariants } from './vectorConcat.js';
import { vectorElementVariants } from './vectorElements.js';
import { vectorMoveVariants } from './vectorMove.js';

export const mveVariants: readonly Variant[] = [
  ...mveConvVariants,
  ...mveDepthwiseVariants,
  ...mveElementwiseVariants,
  ...mveInt16Variants,
  ...mveSpreadVariants,
  ...mvePackedVariants,
  ...mveKeptVariants,
  ...mveFcVariants,
  ...mveRowFcVariants,
  ...mveTapsVariants,
  ...binaryRowVariants('mve'),
  ...vectorBinaryVariants('mve'),
  ...vectorElementVariants('mve'),
  ...vectorConcatVariants('mve'),
  ...vectorMoveVariants('mve'),
];
