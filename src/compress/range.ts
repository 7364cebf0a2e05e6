// SPDX-License-Identifier: Apache-2.0
/** What an activation's values lie in. */
export interface Range {
  min: number;
  max: number;
}
