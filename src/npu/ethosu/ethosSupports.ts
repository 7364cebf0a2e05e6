// SPDX-License-Identifier: Apache-2.0
// Which nodes an Ethos-U55 or U65 computes, as a table of rules by operator; the compiler has the last word. Limits: Vela's
// SUPPORTED_OPS (tflite_supported_operators.py and its successor), which are those of the registers.
import { elementCount, type Graph, type Node, type Tensor } from '../../model/graph.js';
import type { Verdict } from '../npuBackend.js';

interface Facts {
  node: Node;
  input: Tensor;
  output: Tensor;
  weights: Tensor | undefined;
  window: {
    kernel: readonly [number, number];
    strides: readonly [number, number];
    dilations: readonly [number, number];
  };
}

/** Undefined: the rule is kept. */
type Rule = (f: Facts) => { reason: string; change: string } | undefined;

const rule =
  (kept: (f: Facts) => boolean, reason: (f: Facts) => string, change: string): Rule =>
  (f) =>
    kept(f) ? undefined : { reason: reason(f), change };

const maxStride = 3;
const maxKernelHeight = 64;
const maxKernelElements = 64 * 64;
const maxPoolHeight = 256;
const maxDepth = 65_536;

const strideRule = rule(
  ({ window: { strides } }) => strides.every((s) => s <= maxStride),
  ({ window }) => `its stride ${window.strides.join('x')} is more than ${maxStride}`,
  `use strides up to ${maxStride}`,
);
const kernelRule = rule(
  ({ window: { kernel, dilations } }) => {
    const [h, w] = kernel.map((k, d) => (k - 1) * dilations[d] + 1);
    return h <= maxKernelHeight && h * w <= maxKernelElements;
  },
  ({ window }) =>
    `its kernel ${window.kernel.join('x')} is larger than ${maxKernelHeight} rows or ${maxKernelElements} elements`,
  'use a smaller kernel',
);
const groupRule = rule(
  ({ node, input }) => Number(node.attrs.groups ?? 1) === 1 || input.shape.at(-1) === 1,
  () => 'it has groups',
  'use groups 1 or a depthwise convolution',
);
const dilationRule = rule(
  ({ window: { dilations } }) => dilations.every((d) => d <= 2),
  ({ window }) => `its dilation is ${window.dilations.join('x')}`,
  'use dilations up to 2',
);
const multiplierRule = rule(
  ({ node, input }) => Number(node.attrs.multiplier ?? 1) === 1 || input.shape.at(-1) === 1,
  ({ node }) => `it makes ${node.attrs.multiplier} outputs of each channel`,
  'use a depth multiplier of 1',
);
const constantWeights = rule(
  ({ weights }) => weights?.data !== undefined && weights.dtype === 'int8' && weights.stored === undefined,
  ({ weights }) => (weights?.stored ? 'its weights have fewer than eight bits' : 'its weights are no constant int8'),
  'use constant int8 weights',
);
const poolRule = rule(
  ({ window: { kernel, strides }, node }) => {
    const padded = ((node.attrs.pads ?? []) as readonly number[]).some((p) => p !== 0);
    const most = padded && node.op === 'averagePool2d' ? 8 : maxPoolHeight;
    return kernel.every((k) => k <= most) && strides.every((s) => s <= maxStride || !padded);
  },
  ({ window }) => `its window ${window.kernel.join('x')} is too large`,
  'pool in two steps',
);
const lastAxis = rule(
  ({ node, input }) => Number(node.attrs.axis ?? -1) === input.shape.length - 1,
  ({ node }) => `its axis ${node.attrs.axis} is not the last`,
  'use the last axis',
);
const meanRule = rule(
  ({ node, input }) => {
    const axes = [...((node.attrs.axes ?? []) as readonly number[])].sort();
    return input.shape.length === 4 && axes.join() === '1,2' && input.shape[1] * input.shape[2] <= maxKernelElements;
  },
  () => 'its mean is not over height and width',
  'reduce over height and width',
);

/** Operators that the NPU has, and what each must keep. */
const operators: Readonly<Record<string, readonly Rule[]>> = {
  conv2d: [constantWeights, groupRule, strideRule, kernelRule, dilationRule],
  depthwiseConv2d: [constantWeights, multiplierRule, strideRule, kernelRule, dilationRule],
  fullyConnected: [constantWeights],
  averagePool2d: [poolRule],
  maxPool2d: [poolRule],
  add: [],
  sub: [],
  mul: [],
  minimum: [],
  maximum: [],
  softmax: [lastAxis],
  logistic: [],
  tanh: [],
  leakyRelu: [],
  hardSwish: [],
  clamp: [],
  concat: [],
  pad: [],
  mean: [meanRule],
  reshape: [],
};

const pair = (value: unknown): readonly [number, number] =>
  Array.isArray(value) ? (value as [number, number]) : [1, 1];

function factsOf(node: Node, graph: Graph): Facts {
  const weights = graph.tensors[node.inputs[1]];
  const kernel = node.attrs.kernel ?? (weights?.shape.length === 4 ? weights.shape.slice(1, 3) : undefined);
  return {
    node,
    input: graph.tensors[node.inputs[0]],
    output: graph.tensors[node.outputs[0]],
    weights,
    window: { kernel: pair(kernel), strides: pair(node.attrs.strides), dilations: pair(node.attrs.dilations) },
  };
}

/** What holds for every tensor that goes in or out. */
function tensorObstacle({ name, dtype, shape, quant }: Tensor): { reason: string; change: string } | undefined {
  if (dtype !== 'int8') return { reason: `'${name}' is ${dtype}`, change: 'quantize the model to int8' };
  if (quant?.scales.length !== 1) return { reason: `'${name}' has no single scale`, change: 'quantize it per tensor' };
  if (shape.length > 4 || (shape.length === 4 && shape[0] !== 1))
    return { reason: `'${name}' has shape [${shape}]`, change: 'use a batch of 1 and at most four dimensions' };
  if (shape.some((d) => d > maxDepth) || elementCount(shape) === 0)
    return {
      reason: `'${name}' has shape [${shape}], more than ${maxDepth} in one dimension`,
      change: 'split the layer',
    };
  return undefined;
}

/** Whether the node runs on the NPU; all configurations take the same operators. */
export function ethosSupports(node: Node, graph: Graph): Verdict {
  const rules = Object.hasOwn(operators, node.op) ? operators[node.op] : undefined;
  if (!rules) return { npu: false, reason: `the NPU has no ${node.op}`, change: 'replace it by operators that it has' };
  const moved = [...node.inputs, ...node.outputs].filter((id) => id >= 0 && graph.tensors[id].data === undefined);
  for (const id of moved) {
    const obstacle = tensorObstacle(graph.tensors[id]);
    if (obstacle) return { npu: false, ...obstacle };
  }
  const facts = factsOf(node, graph);
  for (const check of rules) {
    const obstacle = check(facts);
    if (obstacle) return { npu: false, ...obstacle };
  }
  return { npu: true };
}
