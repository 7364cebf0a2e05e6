// SPDX-License-Identifier: Apache-2.0
// Kernels for WebAssembly SIMD.
import type { Variant } from './variant.js';

export const simd128Variants: readonly Variant[] = [];
