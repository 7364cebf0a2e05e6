// SPDX-License-Identifier: Apache-2.0
/** Level of each layer, in the order of the workbench's `layers`. */
export type LevelPlan = readonly number[];
