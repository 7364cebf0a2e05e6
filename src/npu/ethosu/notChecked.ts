// SPDX-License-Identifier: Apache-2.0
// What an equal answer from the functional model does not show.
export const ethosNotChecked: readonly string[] = [
  'timing',
  'SHRAM hazards beyond the written rules (waits, BLOCKDEP)',
  'cache maintenance',
  'silicon',
];
