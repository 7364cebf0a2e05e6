// SPDX-License-Identifier: Apache-2.0
// Kernels for Armv6-M: Cortex-M0+.
import { blockConvVariants } from './blockConv.js';
import { blockDepthwiseVariants } from './blockDepthwise.js';
import { thumbBlockRows } from './blockRows.js';
import { packedListVariants } from './packedList.js';
import { packedPairVariants } from './packedPairs.js';
import { packedPlane } from './packedPlane.js';
import { packedRows } from './packedRows.js';
import { thumbAdd } from './thumbAdd.js';
import { thumbBytes } from './thumbBytes.js';
import { thumbPairs } from './thumbPairs.js';
import { thumbPlane } from './thumbPlane.js';
import { thumbWinogradVariants } from './thumbWinograd.js';
import type { Variant } from './variant.js';

export const thumbVariants: readonly Variant[] = [
  thumbAdd,
  thumbBytes,
  thumbPairs,
  thumbPlane,
  ...blockConvVariants('thumb'),
  ...blockDepthwiseVariants('thumb'),
  thumbBlockRows,
  ...thumbWinogradVariants,
  ...packedPairVariants('thumb'),
  ...packedListVariants('thumb'),
  packedPlane('thumb'),
  ...packedRows('thumb'),
];
