// SPDX-License-Identifier: Apache-2.0
// Kernels for RVV 1.0 as Zve32x, vector-length agnostic.
import type { Variant } from './variant.js';

export const rvvVariants: readonly Variant[] = [];
