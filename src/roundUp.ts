// SPDX-License-Identifier: Apache-2.0

/** The next multiple of `unit` at or above `value`. */
export const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;
