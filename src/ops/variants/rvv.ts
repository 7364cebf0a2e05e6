// SPDX-License-Identifier: Apache-2.0
// Kernels for RVV 1.0 as Zve32x, vector-length agnostic.

import { binaryRowVariants } from './binaryRow.js';
import { rvvTapsVariants } from './packedTaps.js';
import { rvvConvVariants } from './rvvConv.js';
import { rvvDepthwiseVariants } from './rvvDepthwise.js';
import { rvvElementwiseVariants } from './rvvElementwise.js';
import { rvvFcVariants } from './rvvFc.js';
import { rvvInt16Variants } from './rvvInt16.js';
import { rvvPackedVariants } from './rvvPacked.js';
import { rvvSpreadVariants } from './rvvSpread.js';
import type { Variant } from './variant.js';
import { vectorBinaryVariants } from './vectorBinary.js';
import { vectorConcatVariants } from './vectorConcat.js';
import { vectorElementVariants } from './vectorElements.js';
import { vectorMoveVariants } from './vectorMove.js';

export const rvvVariants: readonly Variant[] = [
  ...rvvConvVariants,
  ...rvvDepthwiseVariants,
  ...rvvElementwiseVariants,
  ...rvvInt16Variants,
  ...rvvSpreadVariants,
  ...rvvPackedVariants,
  ...rvvFcVariants,
  ...rvvTapsVariants,
  ...binaryRowVariants('rvv'),
  ...vectorBinaryVariants('rvv'),
  ...vectorElementVariants('rvv'),
  ...vectorConcatVariants('rvv'),
  ...vectorMoveVariants('rvv'),
];
