// SPDX-License-Identifier: Apache-2.0
// The call of a layer with weights (conv2d, depthwiseConv2d, fullyConnected) in float32, int16 by int8 or int8 by int8.
import type { Node } from '../model/graph.js';
import { kernelCall } from './kernels.js';
import { type CStruct, inputOf, type KernelCall, type LowerContext, optionalInput } from './op.js';
import {
  arithmeticOf,
  clampFields,
  constant,
  floatBias,
  floatConstants,
  integerConstants,
  type Rescaling,
  rescalingOf,
  wideBias,
} from './weighted.js';

type Weights = Int8Array | Float32Array;

export interface WeightedLayer {
  op: string;
  /** What the kernels' structs begin with. */
  head: CStruct['fields'];
  outC: number;
  /** Of the output channels in the graph's weights. */
  axis: number;
  /** As the kernels have them. */
  weights: { data: Weights; shape: number[] };
  /** int8 by int8: the bias with what is folded in, and the zero point of the input or of the weights. */
  folded(weights: Int8Array, r: Rescaling): { bias: Int32Array; zeroPoint: CStruct['fields'][number] };
}

export function weightedCall(node: Node, { graph, rounding }: LowerContext, layer: WeightedLayer): KernelCall {
  const { op, head, outC } = layer;
  const { data, shape } = layer.weights;
  const bias = optionalInput(node, graph, 2)?.data;
  if (arithmeticOf(node, graph) === 'f32') {
    const weights = constant('weights', 'float32', data as Float32Array, shape);
    return kernelCall(op, ['f32', 'f32'], [...head, ...floatConstants(node, weights, floatBias(bias, outC))]);
  }
  const r = rescalingOf(node, graph, layer.axis);
  const weights = constant('weights', 'int8', data as Int8Array, shape);
  const clamp = clampFields(r.range, rounding);
  if (inputOf(node, graph, 0).dtype === 'int16') {
    const constants = integerConstants(weights, constant('bias', 'int64', wideBias(bias, outC), [outC]), r);
    return kernelCall(op, ['s16', 's8'], [...head, ...constants, ['accumulator_bits', r.accumulatorBits], ...clamp]);
  }
  const folded = layer.folded(inputOf(node, graph, 1).data as Int8Array, r);
  const constants = integerConstants(weights, constant('bias', 'int32', folded.bias, [outC]), r);
  const zeroPoints: CStruct['fields'] = [folded.zeroPoint, ['output_zero_point', r.output.zeroPoint]];
  return kernelCall(op, ['s8', 's8'], [...head, ...constants, ...zeroPoints, ...clamp]);
}
