// SPDX-License-Identifier: Apache-2.0
// Which nodes the KPU takes: one row of rules per operator. Limits: nncase v0.2 and the K210 FAQ (reference page of the
// project); 1x1 and 3x3 convolutions of stride 1 that keep the size, pools that then drop.
import type { Graph, Node, Tensor } from '../../../model/graph.js';
import { elementCount } from '../../../model/graph.js';
import { axisOf, intList, maxWindow } from '../../../ops/attributes.js';
import { inputOf } from '../../../ops/op.js';
import { type Window, windowOf } from '../../../ops/window.js';
import type { Verdict } from '../../npuBackend.js';
import { weightLoadBytes } from '../checkKmodel.js';
import { joinedBegins } from '../kpuMemory.js';
import { curveOf } from './curves.js';

export const sizeLimits = { width: [4, 512], height: [4, 256], channels: [1, 1024] } as const;

const yes: Verdict = { npu: true };
const leftAlone = 'nothing: the CPU computes it';
const no = (reason: string, change: string): Verdict => ({ npu: false, reason, change });

/** How a convolution of the node's window is done: the stride by a pool that takes one element of four. */
export type Striding = 'none' | 'even' | 'odd';

/** Where the wanted outputs lie among those of stride 1; undefined: not among them. */
export function stridingOf(w: Window): Striding | undefined {
  const pad = w.kernelH === 3 ? 1 : 0;
  const square = w.strideH === w.strideW && w.padTop === w.padLeft;
  if (!square) return undefined;
  if (w.strideH === 1) return w.padTop === pad && w.outH === w.inH && w.outW === w.inW ? 'none' : undefined;
  const halved = w.strideH === 2 && 2 * w.outH === w.inH && 2 * w.outW === w.inW;
  if (!halved) return undefined;
  if (w.padTop === pad) return 'even';
  return pad === 1 && w.padTop === 0 ? 'odd' : undefined;
}

function mapObstacle(t: Tensor): Verdict | undefined {
  const [batch, height, width, channels] = t.shape;
  if (t.shape.length !== 4 || batch !== 1) return no('it works on no image', leftAlone);
  if (t.dtype !== 'int8' || t.quant?.scales.length !== 1)
    return no(`it is ${t.dtype}`, 'quantize the model to int8 (mote export --calib, mote pack --calib)');
  const { width: w, height: h, channels: c } = sizeLimits;
  if (width < w[0] || height < h[0])
    return no(`its map of ${width}x${height} is smaller than ${w[0]}x${h[0]}, the least the KPU takes`, leftAlone);
  return width > w[1] || height > h[1] || channels < c[0] || channels > c[1]
    ? no(`its map of ${width}x${height}x${channels} is larger than ${w[1]}x${h[1]}x${c[1]}`, leftAlone)
    : undefined;
}

/** The first input and the output as maps. */
const mapsObstacle = (node: Node, graph: Graph): Verdict | undefined =>
  mapObstacle(inputOf(node, graph, 0)) ?? mapObstacle(graph.tensors[node.outputs[0]]);

function weightedVerdict(node: Node, graph: Graph, kernel: readonly [number, number], channelwise: boolean): Verdict {
  const w = inputOf(node, graph, 1);
  if (!w.data || w.dtype !== 'int8') return no('its weights are no int8 constants', 'quantize the model to int8');
  if (w.stored?.groupScales) return no('its weights have a scale per group', 'one scale per channel (--weights int8)');
  if (kernel[0] !== kernel[1] || (kernel[0] !== 1 && kernel[0] !== 3))
    return no(`its kernel is ${kernel.join('x')}`, 'kernels of 1x1 or 3x3');
  const window = windowOf(node, graph, kernel, true);
  if (window.dilationH !== 1 || window.dilationW !== 1) return no('it is dilated', 'a dilation of 1');
  if (!channelwise && node.attrs.groups !== 1) return no('it has groups', 'one group, or one per channel');
  if (!stridingOf(window)) {
    const pads = intList(node, 'pads', { min: 0, max: maxWindow }, 4);
    return no(
      `stride ${window.strideH}x${window.strideW} with pads ${pads.join(',')} of ${window.inW}x${window.inH} does not keep or halve the size`,
      "padding 'same', and even sizes before a stride of 2",
    );
  }
  if (channelwise) return yes;
  return loadsVerdict(graph.tensors[node.outputs[0]].shape[3], window.inC * kernel[0] * kernel[0]);
}

type Rule = (node: Node, graph: Graph) => Verdict;

/** Passes in which a layer's weights can be loaded (load_time, 6 bits in kpu.h), each of whole output channels. */
const mostLoads = 64;

function loadsVerdict(outputs: number, bytesPerOutput: number): Verdict {
  const loads = Math.ceil(outputs / Math.floor(weightLoadBytes / bytesPerOutput));
  return loads > mostLoads
    ? no(`its weights take ${loads} loads of 30 KiB, the KPU makes ${mostLoads}`, 'fewer channels')
    : yes;
}

function addVerdict(node: Node, graph: Graph): Verdict {
  const [a, b] = [inputOf(node, graph, 0), inputOf(node, graph, 1)];
  const other = mapObstacle(b);
  if (other) return other;
  if (a.data || b.data) return no('it adds a constant', 'a bias in the convolution before it');
  if (a.shape.join() !== b.shape.join()) return no('its inputs have different shapes', 'inputs of one shape');
  return joinedVerdict([a, b]);
}

/** Maps that one layer reads as one. */
function joinedVerdict(inputs: readonly Tensor[]): Verdict {
  const shapes = inputs.map(({ shape: [, height, width, channels] }) => ({ height, width, channels }));
  const last = shapes.length - 1;
  return joinedBegins(shapes)[last] + shapes[last].channels > sizeLimits.channels[1]
    ? no('its inputs have more than 1024 channels together', 'fewer channels')
    : yes;
}

function concatVerdict(node: Node, graph: Graph): Verdict {
  const inputs = node.inputs.map((_, i) => inputOf(node, graph, i));
  const [{ shape }] = inputs;
  if (axisOf(node, node.attrs.axis, shape.length) !== shape.length - 1)
    return no('it joins other things than channels', 'a concat of channels');
  if (inputs.some((t) => t.data)) return no('one of its inputs is constant', 'computed inputs only');
  return inputs.map(mapObstacle).find((v) => v !== undefined) ?? joinedVerdict(inputs);
}

/** Pools without padding by windows that lie side by side. */
const poolVerdict =
  (sizes: readonly number[], dilated: boolean): Rule =>
  (node, graph) => {
    const w = windowOf(node, graph, intList(node, 'kernel', { min: 1, max: maxWindow }, 2), dilated);
    const fits =
      w.dilationH === 1 &&
      w.dilationW === 1 &&
      sizes.includes(w.kernelH) &&
      w.kernelW === w.kernelH &&
      w.strideH === w.kernelH &&
      w.strideW === w.kernelW &&
      w.padTop === 0 &&
      w.padLeft === 0 &&
      w.outH === Math.floor(w.inH / w.strideH) &&
      w.outW === Math.floor(w.inW / w.strideW);
    const list = sizes.map((s) => `${s}x${s}`).join(' or ');
    return fits ? yes : no('its windows are not those of the KPU', `windows of ${list} side by side, not padded`);
  };

/** A function of one number runs in the layer before it, so it must have one. */
const curveVerdict: Rule = (node, graph) =>
  curveOf(node, graph)
    ? yes
    : no(`'${node.op}' falls somewhere`, 'a rising activation (relu, sigmoid, tanh, leaky relu)');

const rules: Record<string, Rule> = {
  conv2d: (node, graph) => {
    const [, kh, kw] = inputOf(node, graph, 1).shape;
    return weightedVerdict(node, graph, [kh, kw], false);
  },
  depthwiseConv2d: (node, graph) => {
    const [, kh, kw, outputs] = inputOf(node, graph, 1).shape;
    return outputs === inputOf(node, graph, 0).shape[3]
      ? weightedVerdict(node, graph, [kh, kw], true)
      : no('it makes several channels of one', 'a channel multiplier of 1');
  },
  add: addVerdict,
  concat: concatVerdict,
  maxPool2d: poolVerdict([2, 4], true),
  averagePool2d: poolVerdict([2], false),
  leakyRelu: curveVerdict,
  logistic: curveVerdict,
  tanh: curveVerdict,
  softplus: curveVerdict,
  elu: curveVerdict,
};

/** Whether the KPU takes a node. */
export function kpuSupports(node: Node, graph: Graph): Verdict {
  const rule = rules[node.op];
  if (!rule) return no('the KPU has no such operation', leftAlone);
  const obstacle = mapsObstacle(node, graph);
  if (obstacle) return obstacle;
  if (elementCount(graph.tensors[node.outputs[0]].shape) === 0) return no('it is empty', 'a layer with outputs');
  return rule(node, graph);
}
