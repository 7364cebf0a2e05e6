// SPDX-License-Identifier: Apache-2.0
// What the hardware may take (ethosSupports.ts) and mote's own compiler does not: one sentence, or nothing.
import { elementCount, type Graph, type Node, quantOf } from '../../../model/graph.js';
import { sameQuant } from '../../../ops/quantized.js';
import { softmaxRows } from '../../../ops/softmax.js';
import { hasLowering } from './lowerNode.js';
import { shape3 } from './views.js';

const mostStride = 3;
const tallestKernel = 64;
/** 2^31 over exponentials of at most 2^19. */
const longestSoftmax = 4095;
const mostRows = 65_536;
const softmaxQuant = quantOf(1 / 256, -128);

const list = (node: Node, key: string): readonly number[] => (node.attrs[key] ?? []) as readonly number[];

/** A window that moves further than the hardware's does; one that does not move at all may have any stride. */
function strideObstacle(node: Node, graph: Graph): string | undefined {
  const { height, width } = shape3(graph.tensors[node.outputs[0]]);
  const [y = 1, x = 1] = list(node, 'strides');
  return (y > mostStride && height > 1) || (x > mostStride && width > 1)
    ? `its stride ${y}x${x} is more than ${mostStride}`
    : undefined;
}

function poolObstacle(node: Node, graph: Graph): string | undefined {
  if (list(node, 'dilations').some((d) => d > 1)) return 'its window is dilated';
  if (node.attrs.countIncludePad === true && list(node, 'pads').some((p) => p > 0))
    return 'it counts padding as elements';
  return strideObstacle(node, graph);
}

/** One operand must be as large as the output. */
function operandObstacle(node: Node, graph: Graph): string | undefined {
  const size = (id: number): number => elementCount(graph.tensors[id].shape);
  const whole = node.inputs.filter((id) => size(id) === size(node.outputs[0]));
  if (whole.length === 0) return 'both of its operands are broadcast';
  return whole.every((id) => graph.tensors[id].data !== undefined) ? 'its larger operand is constant' : undefined;
}

/** Rows whose exponentials' sum fits a word, and an output that nothing scales. */
function softmaxObstacle(node: Node, graph: Graph): string | undefined {
  const { rows, depth } = softmaxRows(node, graph);
  if (depth > longestSoftmax) return `its rows of ${depth} elements are longer than ${longestSoftmax}`;
  if (rows > mostRows) return `its ${rows} rows are more than ${mostRows}`;
  const { quant } = graph.tensors[node.outputs[0]];
  return sameQuant(quant, softmaxQuant) ? undefined : 'its output has not scale 1/256 and zero point -128';
}

function meanObstacle(node: Node, graph: Graph): string | undefined {
  const [x, y] = [node.inputs[0], node.outputs[0]].map((id) => graph.tensors[id]);
  const { height } = shape3(x);
  return height > tallestKernel && !sameQuant(x.quant, y.quant)
    ? `it is over ${height} rows, more than ${tallestKernel}, and rescales`
    : undefined;
}

function padObstacle({ attrs: { pads } }: Node): string | undefined {
  const batches = (pads as readonly (readonly number[])[]).slice(0, -3);
  return batches.flat().some((n) => n > 0) ? 'it pads the batch' : undefined;
}

type Check = (node: Node, graph: Graph) => string | undefined;

const checks: Readonly<Record<string, Check>> = {
  averagePool2d: poolObstacle,
  maxPool2d: poolObstacle,
  conv2d: strideObstacle,
  depthwiseConv2d: strideObstacle,
  add: operandObstacle,
  sub: operandObstacle,
  mul: operandObstacle,
  minimum: operandObstacle,
  maximum: operandObstacle,
  softmax: softmaxObstacle,
  mean: meanObstacle,
  pad: padObstacle,
};

/** Why a node cannot be compiled here. */
export function builtinObstacle(node: Node, graph: Graph): string | undefined {
  if (!hasLowering(node.op)) return `mote's own compiler has no ${node.op}`;
  const reason = Object.hasOwn(checks, node.op) ? checks[node.op](node, graph) : undefined;
  return reason && `${reason}, for mote's own compiler`;
}
