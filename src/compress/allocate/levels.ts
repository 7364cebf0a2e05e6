// SPDX-License-Identifier: Apache-2.0
// The formats that the allocator chooses among for each layer, from most to fewest bits.

/** Names as in formats/encoding.ts. Kept to formats that have fast kernels somewhere; `--formats` gives others. */
export const defaultLevels = ['int8', 'int6', 'int4', 'int4g32', 'int3', 'int3g32', 'int2g16', 'ternary'] as const;
