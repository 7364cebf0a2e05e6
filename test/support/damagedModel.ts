// SPDX-License-Identifier: Apache-2.0
// Valid models made invalid, each in one way that ONNX forbids.
import type { TestAttribute, TestConstant, TestGraph, TestNode } from '../../src/model/testing/onnxWriter.js';
import type { Random } from '../kernels/random.js';

/** undefined where the model has nothing of that kind to break. */
type Damage = (graph: TestGraph, random: Random) => TestGraph | undefined;

const withNode = (graph: TestGraph, node: TestNode, change: Partial<TestNode>): TestGraph => ({
  ...graph,
  nodes: graph.nodes.map((n) => (n === node ? { ...n, ...change } : n)),
});

/** Changes an input of any node. */
const onInput =
  (name: (graph: TestGraph, node: TestNode) => string | undefined): Damage =>
  (graph, random) => {
    const node = random.pick(graph.nodes);
    const to = name(graph, node);
    return to === undefined ? undefined : withNode(graph, node, { inputs: [to, ...node.inputs.slice(1)] });
  };

const onAttribute =
  (name: string, wrong: (old: TestAttribute) => TestAttribute): Damage =>
  (graph, random) => {
    const having = graph.nodes.filter((n) => n.attributes?.[name] !== undefined);
    if (having.length === 0) return undefined;
    const node = random.pick(having);
    const old = node.attributes?.[name] as TestAttribute;
    return withNode(graph, node, { attributes: { ...node.attributes, [name]: wrong(old) } });
  };

/** Changes a constant that an operator of the list has as input 1. */
const onWeights =
  (ops: readonly string[], wrong: (c: TestConstant) => Partial<TestConstant>): Damage =>
  (graph, random) => {
    const isConstant = (name: string): boolean => graph.constants?.some((c) => c.name === name) === true;
    const users = graph.nodes.filter((n) => ops.includes(n.op) && isConstant(n.inputs[1]));
    if (users.length === 0) return undefined;
    const [, name] = random.pick(users).inputs;
    const constants = graph.constants?.map((c) => (c.name === name ? { ...c, ...wrong(c) } : c));
    return { ...graph, constants };
  };

const onDims =
  (dims: (old: TestGraph['inputs'][number]['dims']) => TestGraph['inputs'][number]['dims']): Damage =>
  (graph) => ({ ...graph, inputs: graph.inputs.map((v, i) => (i === 0 ? { ...v, dims: dims(v.dims) } : v)) });

const matrices = ['Conv', 'Gemm', 'MatMul', 'ConvTranspose', 'LSTM', 'GRU', 'RNN'];
const lists = (values: number[]) => (): TestAttribute => ({ ints: values });

export const damages: Readonly<Record<string, Damage>> = {
  'an input that nothing computes': onInput(() => 'nowhere'),
  'an input left out': onInput(() => ''),
  'a node that reads its own output': onInput((_, node) => node.outputs[0]),
  'a node that reads what comes after it': onInput((graph) => graph.nodes.at(-1)?.outputs[0]),
  'an output computed twice': (graph, random) =>
    withNode(graph, graph.nodes[graph.nodes.length - 1], { outputs: [random.pick(graph.inputs).name] }),
  'two nodes with one output': (graph, random) =>
    graph.nodes.length < 2 ? undefined : { ...graph, nodes: [...graph.nodes, random.pick(graph.nodes)] },
  'a graph output that nothing computes': (graph) => ({ ...graph, outputs: [...graph.outputs, { name: 'nowhere' }] }),
  'no outputs': (graph) => ({ ...graph, outputs: [] }),
  'no nodes': (graph) => ({ ...graph, nodes: [] }),
  'an operator that is none': (graph, random) => withNode(graph, random.pick(graph.nodes), { op: 'Frobnicate' }),
  'an input of text': (graph) => ({ ...graph, inputs: graph.inputs.map((v) => ({ ...v, type: 'string' as const })) }),
  'an input without a shape': onDims(() => undefined),
  'an input of 2^40 elements': onDims(() => [1, 2 ** 20, 2 ** 20]),
  'an input of 2^62 elements': onDims(() => [2 ** 31, 2 ** 31]),
  'an input of nine dimensions': onDims(() => [1, 1, 1, 1, 1, 1, 1, 1, 1]),
  'an input whose second dimension is free': onDims((dims) => [1, 'n', ...(dims ?? [])]),
  // MatMul may have weights of more dimensions.
  'weights of more dimensions': onWeights(
    matrices.filter((op) => op !== 'MatMul'),
    ({ dims }) => ({ dims: [...dims, 1, 1, 1] }),
  ),
  'weights without their data': onWeights(matrices, () => ({ data: new Float32Array(1), dims: [7, 7, 7, 7, 7] })),
  'weights of 2^60 bytes': onWeights(matrices, () => ({ dims: [2 ** 29, 2 ** 29] })),
  'a shape for other numbers': onWeights(['Reshape'], (c) => ({
    data: BigInt64Array.of(7919n),
    dims: c.dims.slice(0, 1).map(() => 1),
  })),
  'an axis that is not there': onAttribute('axis', () => ({ int: 99 })),
  'an axis that is text': onAttribute('axis', () => ({ text: 'x' })),
  'a permutation with a double': onAttribute('perm', (old) => ('ints' in old ? { ints: [...old.ints, 0] } : old)),
  'strides of 0': onAttribute('strides', lists([0, 0])),
  'strides of five dimensions': onAttribute('strides', lists([1, 1, 1, 1, 1])),
  'huge dilations': onAttribute('dilations', lists([2 ** 31, 2 ** 31])),
  'a kernel of 0': onAttribute('kernel_shape', lists([0, 0])),
  'a kernel as a number': onAttribute('kernel_shape', () => ({ float: 3 })),
  'pads of one number': onAttribute('pads', lists([1])),
  'groups that do not divide': onAttribute('group', () => ({ int: 7919 })),
  'groups of 0': onAttribute('group', () => ({ int: 0 })),
  'a padding that is none': onAttribute('auto_pad', () => ({ text: 'SAME' })),
  'a direction that is none': onAttribute('direction', () => ({ text: 'up' })),
};
