// SPDX-License-Identifier: Apache-2.0
// Kernels for Armv7E-M and Armv8-M DSP instructions (SMLAD family): Cortex-M4, M7, M33, M55.

import { binaryLanes } from './binaryLanes.js';
import { dspConvVariants } from './dspConv.js';
import { dspConv16Variants } from './dspConv16.js';
import { dspGatherVariants } from './dspGather.js';
import { dspMatmulVariants } from './dspMatmul.js';
import { dspMiscVariants } from './dspMisc.js';
import { dspPackedVariants } from './dspPacked.js';
import { dspPackedListVariants } from './dspPackedLists.js';
import { dspPackedOtherVariants } from './dspPackedOther.js';
import { dspPackedRowVariants } from './dspPackedRow.js';
import { dspSignalVariants } from './dspSignal.js';
import { dspWinogradVariants } from './dspWinograd.js';
import type { Variant } from './variant.js';

export const dspVariants: readonly Variant[] = [
  ...dspConvVariants,
  ...dspMatmulVariants,
  ...dspMiscVariants,
  ...dspSignalVariants,
  ...dspConv16Variants,
  ...dspWinogradVariants,
  ...dspPackedVariants,
  ...dspPackedOtherVariants,
  ...dspPackedListVariants,
  ...dspGatherVariants,
  ...dspPackedRowVariants,
  ...binaryLanes('dsp'),
];
