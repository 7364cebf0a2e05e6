// SPDX-License-Identifier: Apache-2.0
// Kernels for RV32IMC without vector or bit-manipulation extensions.
import type { Variant } from './variant.js';

export const rv32Variants: readonly Variant[] = [];
