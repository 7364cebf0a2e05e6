// SPDX-License-Identifier: Apache-2.0
// What a pack is made from, and how.
import type { QuantizerOptions } from './compress/quantizeFromCalibration.js';
import type { CostTable } from './costs/boardCosts.js';
import type { FrontendSpec } from './frontend/frontendSpec.js';
import type { Recipe } from './generated/recipe.js';
import type { TextOptions } from './model/llama2c.js';
import type { NpyArray } from './model/npy.js';
import type { InputScale } from './model/samples.js';
import type { Prefer, Rounding } from './ops/op.js';
import type { CodedMode } from './plan/codedConstants.js';

export interface PackRequest {
  bytes: Uint8Array;
  fileName: string;
  target: string;
  board?: string;
  name?: string;
  rounding?: Rounding;
  prefer?: Prefer;
  calibration?: { array: NpyArray; path: string };
  inputScale?: InputScale;
  quantize?: QuantizerOptions;
  /** Formats layer by layer; what `quantize` says itself goes before what the recipe says of the quantizer. */
  recipe?: Recipe;
  /** Constants are stored entropy-coded, where that is shorter. */
  coded?: CodedMode;
  /** What the board took: kernels are chosen by it instead of the target's table of instructions. */
  costs?: CostTable;
  /** Of a language model. */
  text?: TextOptions & { tokenizer?: Uint8Array; weights?: string; cache?: string };
  /** Who compiles for the NPU of the target; the backend's default when left out. */
  npuProvider?: string;
  /** What turns sound into the features that the model takes; calibration data are features all the same. */
  frontend?: FrontendSpec;
  /** Bytes of RAM that there are for the arena; an NPU's compiler heeds them. */
  arenaLimitBytes?: number;
  /** Frame by frame: the model takes only what is new of its window. */
  stream?: boolean;
}
