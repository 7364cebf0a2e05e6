// SPDX-License-Identifier: Apache-2.0
// What the hardware may take (ethosSupports.ts) and mote's own compiler does not: one sentence, or nothing.
import { elementCount, type Graph, type Node } from '../../../model/graph.js';
import { hasLowering } from './lowerNode.js';
import { shape3 } from './views.js';

const mostStride = 3;

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
};

/** Why a node cannot be compiled here. */
export function builtinObstacle(node: Node, graph: Graph): string | undefined {
  if (!hasLowering(node.op)) return `mote's own compiler has no ${node.op}`;
  const reason = Object.hasOwn(checks, node.op) ? checks[node.op](node, graph) : undefined;
  return reason && `${reason}, for mote's own compiler`;
}
