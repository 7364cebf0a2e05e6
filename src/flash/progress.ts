// SPDX-License-Identifier: Apache-2.0
// How far flashing is.

export interface FlashProgress {
  phase: 'compare' | 'erase' | 'write' | 'verify';
  /** In bytes of the phase. */
  done: number;
  total: number;
}
