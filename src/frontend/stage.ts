// SPDX-License-Identifier: Apache-2.0
// What a front end is made of: operators in a row.
import type { Attrs, DType, Quant, TensorData } from '../model/graph.js';

/** One operator of a front end. Its first inputs are outputs of the stage before. */
export interface Stage {
  op: string;
  name: string;
  attrs: Attrs;
  constants: readonly { name: string; dtype: 'int16'; data: TensorData; shape: number[] }[];
  /** Outputs of the stage before that it reads; the first one unless said. */
  reads?: number;
  outputs: number;
  dtype: DType;
  quant?: Quant;
}

export interface Stages {
  stages: Stage[];
  /** Numbers of a frame. */
  features: number;
}
