// SPDX-License-Identifier: Apache-2.0
// What an equal answer from the KPU's functional model does not show.
export const k210NotChecked: readonly string[] = [
  'timing (cycles are those of the KPU at its peak of 576 products each)',
  'clocks and caches',
  'silicon (the functional model equals Canaan’s simulator)',
];
