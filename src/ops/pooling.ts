// SPDX-License-Identifier: Apache-2.0
// What the two poolings share: geometry, types and bounds.
import type { Graph, Node, Tensor } from '../model/graph.js';
import { clampAttr, intList, maxWindow, outputOf } from './attributes.js';
import type { KernelType } from './kernels.js';
import { type CStruct, inputOf, type OpSpec } from './op.js';
import { activationRange, floatRange, type Limits, limitsOf, sameQuant, scaleOf } from './quantized.js';
import type { Reason } from './weighted.js';
import { requireFullWindows, type Window, windowOf } from './window.js';

export function poolWindow(node: Node, graph: Graph, dilated: boolean): Window {
  const window = windowOf(node, graph, intList(node, 'kernel', { min: 1, max: maxWindow }, 2), dilated);
  requireFullWindows(node, window);
  clampAttr(node);
  return window;
}

const kernelTypes: Partial<Record<Tensor['dtype'], KernelType>> = { float32: 'f32', int8: 's8', int16: 's16' };
export const poolType = (t: Tensor): KernelType | undefined => kernelTypes[t.dtype];

/** Integer sums of a window stay below 2^31. */
const maxTaps = 65_535;

export function poolObstacle(node: Node, graph: Graph, window: Window): Reason | undefined {
  const [x, y] = [inputOf(node, graph, 0), outputOf(node, graph)];
  if (!poolType(x) || x.dtype !== y.dtype) {
    return {
      reason: `there is no kernel for ${x.dtype} giving ${y.dtype}`,
      change: 'use float32, int8 or int16 throughout',
    };
  }
  if (x.dtype === 'float32') return undefined;
  if (!sameQuant(x.quant, y.quant)) {
    return { reason: 'its input and output have different scales', change: 'requantize after the pooling instead' };
  }
  if (window.kernelH * window.kernelW > maxTaps)
    return { reason: `its window has more than ${maxTaps} elements`, change: 'pool in two steps' };
  return undefined;
}

export interface Bounds extends Limits {
  zeroPoint: number;
}

export function poolBounds(node: Node, graph: Graph): Bounds {
  const x = inputOf(node, graph, 0);
  if (x.dtype === 'float32') return { ...floatRange(clampAttr(node)), zeroPoint: 0 };
  const scale = scaleOf(node, x);
  return { ...activationRange(clampAttr(node), scale, limitsOf(x)), zeroPoint: scale.zeroPoint };
}

export function boundFields(bounds: Bounds, type: KernelType): CStruct['fields'] {
  if (type === 'f32')
    return [
      ['output_min', { float: bounds.min }],
      ['output_max', { float: bounds.max }],
    ];
  return [
    ['output_min', bounds.min],
    ['output_max', bounds.max],
  ];
}

export function poolHead(w: Window): CStruct['fields'] {
  return [
    ['in_h', w.inH],
    ['in_w', w.inW],
    ['channels', w.inC],
    ['out_h', w.outH],
    ['out_w', w.outW],
    ['kernel_h', w.kernelH],
    ['kernel_w', w.kernelW],
    ['stride_h', w.strideH],
    ['stride_w', w.strideW],
  ];
}

/** infer of a pooling: integers keep the input's quantization. */
export const inferPool =
  (dilated: boolean): OpSpec['infer'] =>
  (node, graph) => {
    const x = inputOf(node, graph, 0);
    const w = poolWindow(node, graph, dilated);
    const quant = x.dtype !== 'float32' && x.quant ? { quant: x.quant } : {};
    return [{ shape: [1, w.outH, w.outW, w.inC], dtype: x.dtype, ...quant }];
  };
