// SPDX-License-Identifier: Apache-2.0
// concat: tensors one after the other along an axis; int8 tensors of other scales are rescaled to the output.
import {
  dtypeBytes,
  elementCount,
  type Graph,
  makeData,
  type Node,
  type Tensor,
  type TensorData,
} from '../model/graph.js';
import { axisOf, badShape, outputOf } from './attributes.js';
import { kernelCall } from './kernels.js';
import { type CStruct, inputOf, type KernelCall, type LowerContext, type OpSpec, type Rounding } from './op.js';
import { limitsOf, sameQuant } from './quantized.js';
import { roundingCode } from './requantize.js';
import { rescaled, rescaleOf } from './rescale.js';
import type { Reason } from './weighted.js';

/** The kernels take two to four inputs. */
const maxInputs = 4;
const double = (x: number): number => x;

interface Parts {
  inputs: Tensor[];
  y: Tensor;
  shape: number[];
  /** Positions before the axis. */
  outer: number;
  /** Elements of each input at one such position. */
  counts: number[];
}

function partsOf(node: Node, graph: Graph): Parts {
  const inputs = node.inputs.map((_, i) => inputOf(node, graph, i));
  if (inputs.length === 0) badShape(node, 'it has no input');
  const [first] = inputs;
  const axis = axisOf(node, node.attrs.axis, first.shape.length);
  for (const t of inputs) {
    const fits =
      t.dtype === first.dtype &&
      t.shape.length === first.shape.length &&
      t.shape.every((n, d) => d === axis || n === first.shape[d]);
    if (!fits)
      badShape(
        node,
        `${first.dtype} ${first.shape.join(' x ')} and ${t.dtype} ${t.shape.join(' x ')} do not fit together`,
      );
  }
  const shape = first.shape.map((n, d) => (d === axis ? inputs.reduce((sum, t) => sum + t.shape[axis], 0) : n));
  return {
    inputs,
    shape,
    y: outputOf(node, graph),
    outer: elementCount(shape.slice(0, axis)),
    counts: inputs.map((t) => elementCount(t.shape.slice(axis))),
  };
}

/** The bytes of every input mean the same in the output. */
const isCopy = ({ inputs, y }: Parts): boolean =>
  inputs.every((t) => (!t.quant && !y.quant) || t.dtype === 'float32' || sameQuant(t.quant, y.quant));

function obstacle(node: Node, graph: Graph): Reason | undefined {
  const parts = partsOf(node, graph);
  const { inputs, y } = parts;
  if (inputs.some((t) => t.data))
    return { reason: 'one of its inputs is constant', change: 'concatenate computed tensors only' };
  if (inputs.length < 2 || inputs.length > maxInputs) {
    return { reason: `it has ${inputs.length} inputs`, change: `concatenate two to ${maxInputs} tensors at a time` };
  }
  if (y.dtype !== inputs[0].dtype)
    return { reason: `it turns ${inputs[0].dtype} into ${y.dtype}`, change: 'use one type throughout' };
  if (!isCopy(parts) && y.dtype !== 'int8') {
    return {
      reason: `its ${y.dtype} inputs and output have different scales`,
      change: 'requantize the inputs to the scale of the output',
    };
  }
  return undefined;
}

const letters = ['a', 'b', 'c', 'd'] as const;

function lower(node: Node, { graph, rounding }: LowerContext): KernelCall {
  const parts = partsOf(node, graph);
  const { inputs, y, outer, counts } = parts;
  const order = inputs.map((_, i) => i);
  const others = (type: string): string => type.repeat(inputs.length - 1);
  if (isCopy(parts)) {
    const bytes: CStruct['fields'] = counts.map((n, i) => [`${letters[i]}_bytes`, n * dtypeBytes(y.dtype)]);
    return kernelCall('concat', ['x8', others('x8')], [['outer', outer], ...bytes], order);
  }
  const factors = inputs.flatMap((x, i): CStruct['fields'] => {
    const { input, factor } = rescaleOf({ node, x, y }, double);
    const name = (field: string): string => `${letters[i]}_${field}`;
    return [
      [name('count'), counts[i]],
      [name('zero_point'), input.zeroPoint],
      [name('multiplier'), factor.multiplier],
      [name('shift'), factor.shift],
    ];
  });
  const tail: CStruct['fields'] = [
    ['output_zero_point', y.quant?.zeroPoints[0] ?? 0],
    ['rounding', roundingCode(rounding)],
  ];
  return kernelCall('concat', ['s8', others('s8')], [['outer', outer], ...factors, ...tail], order);
}

function evaluate(
  node: Node,
  graph: Graph,
  inputs: readonly (TensorData | undefined)[],
  rounding: Rounding,
): TensorData[] {
  const parts = partsOf(node, graph);
  const { y, outer, counts } = parts;
  const out = makeData(parts.inputs[0].dtype, elementCount(parts.shape)) as Float32Array;
  const copy = isCopy(parts);
  const functions = parts.inputs.map((x) =>
    copy ? double : rescaled(rescaleOf({ node, x, y }, double), rounding, limitsOf(y)),
  );
  let at = 0;
  for (let r = 0; r < outer; r++) {
    counts.forEach((n, i) => {
      const x = inputs[i] as Float32Array;
      for (let k = r * n; k < (r + 1) * n; k++) out[at++] = functions[i](x[k]);
    });
  }
  return [out];
}

export const concat: OpSpec = {
  op: 'concat',
  infer(node, graph) {
    const { inputs, shape } = partsOf(node, graph);
    return [{ shape, dtype: inputs[0].dtype }];
  },
  macs: () => 0,
  unsupported: obstacle,
  lower,
  evaluate: (node, inputs, { graph, rounding }) => evaluate(node, graph, inputs, rounding),
};
