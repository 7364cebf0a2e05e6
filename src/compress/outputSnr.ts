// SPDX-License-Identifier: Apache-2.0
// How close an integer graph comes to the float graph that it was made from.
import type { Graph, Quant, Tensor, TensorData, TensorId } from '../model/graph.js';
import { quantizeValues } from '../passes/integerOperands.js';
import type { FloatRunner, IntegerRunner } from './runner.js';

/**
 * 10 log10(sum of squares of the float outputs / sum of squares of the differences). A softmax at the end is looked at
 * by its input: behind it, a sure answer hides all noise and an unsure one exaggerates it.
 */
export function outputSnr(
  float: { graph: Graph; runner: FloatRunner },
  integer: { graph: Graph; runner: IntegerRunner },
  samples: TensorData[][],
): number {
  const [exactIds, gotIds] = [judgedOutputs(float.graph), judgedOutputs(integer.graph)];
  let [signal, noise] = [0, 0];
  for (const sample of samples) {
    const inputs = sample.map((data) => Float32Array.from(data as ArrayLike<number>, Number));
    const exact = collect(exactIds, (visit) => float.runner.run(inputs, visit));
    const integers = integer.graph.inputs.map((id, i) => quantizeArray(inputs[i], integer.graph.tensors[id]));
    const got = collect(gotIds, (visit) => integer.runner.run(integers, visit));
    exactIds.forEach((id, i) => {
      const { quant } = integer.graph.tensors[gotIds[i]];
      const values = got.get(gotIds[i]);
      exact.get(id)?.forEach((v, k) => {
        signal += Number(v) ** 2;
        noise += (Number(v) - dequantizeValue(Number(values?.[k]), quant)) ** 2;
      });
    });
  }
  return noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
}

/** What is looked at: the outputs, or what goes into a softmax that makes one. */
export function judgedOutputs(graph: Graph): TensorId[] {
  return graph.outputs.map((id) => {
    const producer = graph.nodes.find((node) => node.outputs.includes(id));
    return producer?.op === 'softmax' && !graph.inputs.includes(producer.inputs[0]) ? producer.inputs[0] : id;
  });
}

function collect(
  ids: readonly TensorId[],
  run: (visit: (id: TensorId, data: TensorData) => void) => void,
): Map<TensorId, TensorData> {
  const found = new Map<TensorId, TensorData>();
  run((id, data) => {
    if (ids.includes(id)) found.set(id, data.slice());
  });
  return found;
}

const quantizeArray = (values: Float32Array, { quant, dtype }: Tensor): TensorData =>
  quant ? quantizeValues(values, quant, dtype === 'int16' ? 'int16' : 'int8') : values;

const dequantizeValue = (q: number, quant: Quant | undefined): number =>
  quant ? quant.scales[0] * (q - quant.zeroPoints[0]) : q;
