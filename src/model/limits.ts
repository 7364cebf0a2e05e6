// SPDX-License-Identifier: Apache-2.0
// What the readers refuse as implausible before they allocate for it.

/** The kernels go to 4 dimensions, files in the wild to 5 or 6. */
export const maxRank = 8;
/** An activation of 2 GiB fits no microcontroller, and its element indices no longer fit C's int. */
export const maxTensorBytes = 2 ** 31;
/** Tensors, operators or buffers; the largest models have some thousands. */
export const maxItems = 200_000;
/** Inputs or outputs of a graph. */
export const maxInterface = 1024;
/** Axes, shapes, begins: at most two numbers per dimension, so this is generous. */
export const maxAxes = 64;
/** Names of classes that a tensor's numbers may stand for. */
export const maxLabels = 4096;
/** Elements of one list of small integers (shape, operator inputs, attribute). */
export const maxListLength = 65_536;
