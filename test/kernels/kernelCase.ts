// SPDX-License-Identifier: Apache-2.0
// One call of one kernel on random data, with what its TypeScript twin says it must give.
import type { Graph, TensorData } from '../../src/model/graph.js';
import { opSpec } from '../../src/ops/index.js';
import type { KernelRow } from '../../src/ops/kernels.js';
import type { KernelCall, OpSpec, Rounding } from '../../src/ops/op.js';
import { inputData } from './binaryDrafts.js';
import type { Draft } from './draft.js';
import { drafters } from './drafts.js';
import { randomOf } from './random.js';

export interface KernelCase {
  kernel: string;
  seed: number;
  /** The node alone, its inputs in `given`. */
  graph: Graph;
  given: TensorData[];
  rounding: Rounding;
  call: KernelCall;
  /** Arguments of the call, in its order. */
  inputs: TensorData[];
  expected: TensorData;
  /** Of the outputs after the first: what they must be, and the position in `inputs` of what they may overwrite. */
  more: { expected: TensorData; over: number | undefined }[];
  /** Positions in `inputs` whose buffer the output may be. */
  inPlace: number[];
  /** For messages. */
  text: string;
}

const attempts = 200;

/** A random node that this kernel computes; draws again where the draft is not possible or takes another kernel. */
export function kernelCase(row: KernelRow, seed: number): KernelCase {
  const random = randomOf(seed);
  const drafter = drafters[row.op];
  if (!drafter) throw new Error(`no drafter for ${row.op}`);
  let why = '';
  for (let i = 0; i < attempts; i++) {
    const made = tryCase(row, drafter(row, random), random.pick(['tflite', 'single']));
    if (typeof made !== 'string') return { ...made, seed };
    why = made;
  }
  throw new Error(`${row.name}: no possible case in ${attempts} attempts, seed ${seed}; the last: ${why}`);
}

function specOf(op: string): OpSpec {
  const spec = opSpec(op);
  if (!spec) throw new Error(`no operator ${op}`);
  return spec;
}

function tryCase(row: KernelRow, d: Draft, rounding: Rounding): Omit<KernelCase, 'seed'> | string {
  const { graph, node, random } = d;
  const spec = specOf(node.op);
  try {
    spec.infer(node, graph).forEach((t, i) => void Object.assign(graph.tensors[node.outputs[i]], t));
  } catch (error) {
    if (!/larger than the padded image|wholly in the padding/.test(String(error))) throw error;
    return String(error);
  }
  const obstacle = spec.unsupported?.(node, graph);
  if (obstacle) return obstacle.reason;
  const call = spec.lower(node, { graph, rounding, target: { id: 'wasm32', isa: ['ref'] } });
  if (call.kernel !== row.name) return `it takes ${call.kernel}`;
  const data = node.inputs.map((id): TensorData | undefined => {
    const t = graph.tensors[id];
    return t && (t.data ?? inputData(random, t, node));
  });
  const [expected, ...others] = spec.evaluate(node, data, { graph, rounding });
  const overwritten = (output: number): number | undefined => {
    const at = call.inputs.indexOf(spec.updates?.find((u) => u.output === output)?.input ?? -1);
    return at < 0 ? undefined : at;
  };
  const inPlace = (spec.inPlace?.(node, graph) ?? []).map((i) => call.inputs.indexOf(i)).filter((i) => i >= 0);
  const tensors = graph.tensors.map(
    (t) =>
      `${t.name} ${t.dtype} [${t.shape.join(',')}] ${t.quant ? `${t.quant.scales[0]}/${t.quant.zeroPoints[0]}` : ''}`,
  );
  return {
    kernel: row.name,
    graph,
    given: graph.inputs.map((id) => data[node.inputs.indexOf(id)] as TensorData),
    rounding,
    call,
    expected,
    more: others.map((o, i) => ({ expected: o, over: overwritten(i + 1) })),
    inPlace,
    inputs: call.inputs.map((i) => data[i] as TensorData),
    text: `${node.op} ${JSON.stringify(node.attrs)} ${rounding}: ${tensors.join('; ')}`,
  };
}
