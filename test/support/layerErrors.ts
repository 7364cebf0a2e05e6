// SPDX-License-Identifier: Apache-2.0
// How far each integer layer is from the real function of its own integer inputs, in steps of its output's scale.

import type { Graph, Node, Tensor, TensorData, TensorId } from '../../src/model/graph.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { opSpec } from '../../src/ops/index.js';
import { realValues } from '../../src/passes/constants.js';

export interface LayerError {
  op: string;
  name: string;
  steps: number;
}

/** The tensor as float32, and a constant's numbers as what they stand for. */
function asReal(tensor: Tensor): Tensor {
  const { quant, data, ...rest } = tensor;
  if (!quant) return tensor;
  const real = data && { data: Float32Array.from(realValues({ ...tensor, data })) };
  return { ...rest, dtype: 'float32', ...real };
}

const clampTo = (low: number, high: number, v: number): number => Math.min(high, Math.max(low, v));

function errorOf(graph: Graph, node: Node, inputs: (TensorData | undefined)[], output: TensorData): number {
  const quant = graph.tensors[node.outputs[0]].quant;
  if (!quant) return 0;
  const [scale, zero] = [quant.scales[0], quant.zeroPoints[0]];
  const wanted = realOutput(graph, node, inputs);
  let worst = 0;
  for (let i = 0; i < output.length; i++) {
    const real = clampTo(scale * (-128 - zero), scale * (127 - zero), Number(wanted[i]));
    worst = Math.max(worst, Math.abs(real / scale + zero - Number(output[i])));
  }
  return worst;
}

function realOutput(graph: Graph, node: Node, inputs: (TensorData | undefined)[]): TensorData {
  const real = inputs.map((data, i) => {
    const tensor = graph.tensors[node.inputs[i]];
    return data && tensor?.quant ? Float32Array.from(realValues({ ...tensor, data })) : data;
  });
  if (node.op === 'quantize' || node.op === 'dequantize') return real[0] as TensorData;
  const twin = { ...graph, tensors: graph.tensors.map(asReal) };
  const [result] = opSpec(node.op)?.evaluate(node, real, { graph: twin, rounding: 'single' }) ?? [];
  if (!result) throw new Error(`no operator '${node.op}'`);
  return result;
}

export function layerErrors(graph: Graph, inputs: readonly TensorData[]): LayerError[] {
  const values = new Map<TensorId, TensorData>(graph.inputs.map((id, i) => [id, inputs[i]]));
  evaluateGraph(graph, inputs, { rounding: 'single', visit: (id, data) => void values.set(id, data.slice()) });
  return graph.nodes.map((node) => {
    const given = node.inputs.map((id) => values.get(id) ?? graph.tensors[id]?.data);
    const steps = errorOf(graph, node, given, values.get(node.outputs[0]) as TensorData);
    return { op: node.op, name: node.name, steps };
  });
}
