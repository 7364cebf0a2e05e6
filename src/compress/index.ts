// SPDX-License-Identifier: Apache-2.0
// Float to int8.
export { collectRanges, collectStatistics, type RangeMethod } from './calibrate.js';
export { equalize } from './equalize.js';
export { equalizeActivations } from './equalizeActivations.js';
export { quantizeGraph } from './quantize.js';
export {
  type Equalization,
  type Quantized,
  type QuantizerOptions,
  type QuantizerReport,
  quantizeFromCalibration,
} from './quantizeFromCalibration.js';
export type { Range } from './range.js';
export {
  evaluateIntegerRunner,
  evaluateRunner,
  type FloatRunner,
  type IntegerRunner,
  type MakeIntegerRunner,
  type MakeRunner,
} from './runner.js';
