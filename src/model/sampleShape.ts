// SPDX-License-Identifier: Apache-2.0

/** Shape of one sample in a data file: the tensor's, without its leading batch of 1. */
export const sampleShape = (shape: readonly number[]): number[] =>
  shape.length > 1 && shape[0] === 1 ? shape.slice(1) : [...shape];
