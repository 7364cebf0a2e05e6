// SPDX-License-Identifier: Apache-2.0
// cast: plain numbers from one type to another, no scales. Between float32 and int32, between int32 and the narrow types
// and bool; readers chain two for the rest. Floats are cut toward zero and saturate, a NaN gives 0; narrow integers wrap.
import { elementCount, makeData, type Tensor } from '../model/graph.js';
import { badShape, given, outputOf } from './attributes.js';
import { type KernelType, kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';

const typeNames: Partial<Record<Tensor['dtype'], KernelType>> = {
  float32: 'f32',
  int32: 's32',
  int16: 's16',
  int8: 's8',
  uint8: 'u8',
  bool: 'b8',
};

const castable: ReadonlySet<string> = new Set(
  ['f32', 's16', 's8', 'u8', 'b8'].flatMap((t) => [`${t}s32`, `s32${t}`]).concat('f32b8'),
);

function cutToInt(x: number): number {
  if (Number.isNaN(x)) return 0;
  return Math.trunc(Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), x)));
}

/** By the output's type; typed arrays wrap by themselves. */
const conversions: Partial<Record<Tensor['dtype'], (x: number) => number>> = {
  bool: (x) => (x !== 0 ? 1 : 0),
  int32: cutToInt,
};

export const cast: OpSpec = {
  op: 'cast',
  infer(node, graph) {
    const { shape } = inputOf(node, graph, 0);
    const dtype = node.attrs.to as Tensor['dtype'];
    if (typeof dtype !== 'string' || !Object.hasOwn(typeNames, dtype)) badShape(node, `it casts to '${String(dtype)}'`);
    return [{ shape: [...shape], dtype }];
  },
  macs: () => 0,
  unsupported(node, graph) {
    const [from, to] = [inputOf(node, graph, 0).dtype, outputOf(node, graph).dtype];
    if (castable.has(`${typeNames[from]}${typeNames[to]}`)) return undefined;
    return { reason: `there is no kernel from ${from} to ${to}`, change: 'cast by way of int32' };
  },
  lower(node, { graph }) {
    const x = inputOf(node, graph, 0);
    const types = [typeNames[x.dtype], typeNames[outputOf(node, graph).dtype]] as [KernelType, KernelType];
    return kernelCall('cast', types, [['count', elementCount(x.shape)]]);
  },
  evaluate(node, inputs, { graph }) {
    const x = given(node, inputs, 0);
    const { dtype } = outputOf(node, graph);
    const out = makeData(dtype, x.length) as Float32Array;
    const convert = conversions[dtype] ?? ((v: number) => v);
    for (let i = 0; i < out.length; i++) out[i] = convert(x[i]);
    return [out];
  },
};
