// SPDX-License-Identifier: Apache-2.0
// product over some axes. int8 and int16: a number of 30 bits and an exponent, which one multiplier brings to the output's scale.
import { elementCount, type Graph, makeData, type Node, type Tensor, type TensorData } from '../model/graph.js';
import { given, outputOf } from './attributes.js';
import { symmetryObstacle } from './curve16.js';
import { kernelCall } from './kernels.js';
import { reductionOf, walkFields } from './mean.js';
import { inputOf, type OpSpec, type Rounding } from './op.js';
import { limitsOf, scaleOf } from './quantized.js';
import { reduceOp } from './reduce.js';
import { reduceTable } from './reduceTable.js';
import { clampTo, type Multiplier, requantize, roundingCode } from './requantize.js';
import { forEachIndex } from './strides.js';

/** Of more elements integer products are next to nothing, or everything. */
const maxCount = 1024;
const bits = 30;

/** scale^count / output as a multiplier whose exponent has no bounds. */
function factorOf(scale: number, count: number, output: number): Multiplier {
  let [mantissa, shift] = [1, 0];
  const take = (factor: number): void => {
    mantissa *= factor;
    const by = Math.floor(Math.log2(mantissa)) + 1;
    mantissa /= 2 ** by;
    shift += by;
  };
  for (let i = 0; i < count; i++) take(scale);
  take(1 / output);
  const multiplier = Math.round(mantissa * 2 ** 31);
  return multiplier >= 2 ** 31 ? { multiplier: multiplier / 2, shift: shift + 1 } : { multiplier, shift };
}

const isInteger = (x: Tensor, y: Tensor): boolean => (x.dtype === 'int8' || x.dtype === 'int16') && y.dtype === x.dtype;

function evaluateInteger(node: Node, graph: Graph, x: TensorData, rounding: Rounding): TensorData {
  const [input, y] = [scaleOf(node, inputOf(node, graph, 0)), outputOf(node, graph)];
  const { kept, reduced, count, shape } = reductionOf(node, graph);
  const output = scaleOf(node, y);
  const factor = factorOf(input.scale, count, output.scale);
  const { min, max } = limitsOf(y);
  const out = makeData(y.dtype, elementCount(shape)) as Int16Array;
  let at = 0;
  forEachIndex(kept, 0, (from) => {
    let product = 2 ** (bits - 1);
    let exponent = 1 - bits;
    forEachIndex(reduced, from, (i) => {
      product *= Number(x[i]) - input.zeroPoint;
      for (; product >= 2 ** bits || product < -(2 ** bits); exponent++) product = Math.floor((product + 1) / 2);
    });
    out[at++] = finish(product, { ...factor, shift: factor.shift + exponent });
  });
  return out;

  function finish(product: number, m: Multiplier): number {
    if (product === 0 || m.shift < -31) return output.zeroPoint;
    if (m.shift > 0) return product > 0 ? max : min;
    return clampTo((requantize(product, m, rounding) + output.zeroPoint) | 0, min, max);
  }
}

const plain = reduceOp(reduceTable.find((row) => row.op === 'product') ?? reduceTable[0]);

export const product: OpSpec = {
  ...plain,
  infer(node, graph) {
    const [{ shape, dtype }] = plain.infer(node, graph);
    return [{ shape, dtype }];
  },
  unsupported(node, graph) {
    const [x, y] = [inputOf(node, graph, 0), outputOf(node, graph)];
    const { count } = reductionOf(node, graph);
    if (!isInteger(x, y)) return plain.unsupported?.(node, graph);
    if (count > maxCount)
      return { reason: `it multiplies ${count} elements, more than ${maxCount}`, change: 'keep this layer in float32' };
    const asFloat = {
      ...graph,
      tensors: graph.tensors.map(({ name, shape }) => ({ name, shape, dtype: 'float32' as const })),
    };
    return plain.unsupported?.(node, asFloat) ?? (x.dtype === 'int16' ? symmetryObstacle({ node, x, y }) : undefined);
  },
  lower(node, ctx) {
    const { graph, rounding } = ctx;
    const [x, y] = [inputOf(node, graph, 0), outputOf(node, graph)];
    if (!isInteger(x, y)) return plain.lower(node, ctx);
    const { kept, reduced, count } = reductionOf(node, graph);
    const [input, output] = [scaleOf(node, x), scaleOf(node, y)];
    const factor = factorOf(input.scale, count, output.scale);
    const rest: [string, number][] = [
      ['input_zero_point', input.zeroPoint],
      ['multiplier', factor.multiplier],
      ['shift', factor.shift],
      ['output_zero_point', output.zeroPoint],
      ['rounding', roundingCode(rounding)],
    ];
    const head = [...walkFields('kept', kept), ...walkFields('reduced', reduced)];
    if (x.dtype === 'int8') return kernelCall('product', ['s8'], [...head, ...rest]);
    return kernelCall('product', ['s16'], [...head, ...rest.filter(([name]) => !name.endsWith('zero_point'))]);
  },
  evaluate(node, inputs, ctx) {
    const { graph, rounding } = ctx;
    return isInteger(inputOf(node, graph, 0), outputOf(node, graph))
      ? [evaluateInteger(node, graph, given(node, inputs, 0), rounding)]
      : plain.evaluate(node, inputs, ctx);
  },
};
