// SPDX-License-Identifier: Apache-2.0
// What a model of an NPU, or of its driver, does not run, and why.
export class NpuRefusal extends Error {}
