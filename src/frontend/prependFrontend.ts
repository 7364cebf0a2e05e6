// SPDX-License-Identifier: Apache-2.0
// Puts a front end before a model that takes features: the graph's input is then sound, int16.
import { fail } from '../cli/errors.js';
import {
  addTensor,
  cloneGraph,
  elementCount,
  type Graph,
  type Node,
  perTensorQuant,
  type Quant,
  type TensorId,
} from '../model/graph.js';
import { inferNode } from '../passes/inferShapes.js';
import { type FrontendSpec, fftSize, frontendText } from './frontendSpec.js';
import { mfccStages } from './mfccStages.js';
import { microSpeechStages } from './microSpeechStages.js';
import type { Stage, Stages } from './stage.js';

function refuse(graph: Graph, reason: string, change: string): never {
  const name = graph.tensors[graph.inputs[0]]?.name ?? graph.name;
  return fail('model.unsupported', { node: name, op: 'input', reason: `with a front end, ${reason}`, change });
}

/** Logarithms and their sums, on a scale of 256 steps or fewer, stay far within these. */
const [leastScale, mostScale] = [1e-4, 2000];

/** Scale and zero point of the features that the model takes. */
function featureQuant(graph: Graph): Quant {
  const t = graph.tensors[graph.inputs[0]];
  if (graph.inputs.length !== 1) refuse(graph, 'a model has one input', 'pack the model without --frontend');
  if (t.dtype !== 'int8' || t.quant?.scales.length !== 1)
    refuse(graph, `the model must take int8, not ${t.dtype}`, 'give --calib x.npy with features, or an int8 model');
  const [scale] = t.quant.scales;
  if (!(scale >= leastScale && scale <= mostScale))
    refuse(graph, `the model's input has a scale of ${scale}, which no features have`, 'quantize it with features');
  return t.quant;
}

/** Frames that the model takes. */
function framesOf(graph: Graph, spec: FrontendSpec, features: number): number {
  const { shape } = graph.tensors[graph.inputs[0]];
  const frames = elementCount(shape) / features;
  const order = shape.filter((n) => n !== 1).join(' x ');
  const wanted = [frames, features].filter((n) => n !== 1).join(' x ');
  if (!Number.isInteger(frames) || (order !== wanted && order !== String(frames * features)))
    refuse(
      graph,
      `the model takes ${shape.join(' x ')} numbers, ${spec.name} gives frames of ${features}`,
      `say how many of them it was trained with (${spec.name === 'mfcc' ? 'coefficients' : 'mels'}=…)`,
    );
  return frames;
}

const framesIn = (samples: number, { window, hop }: FrontendSpec): number => 1 + Math.floor((samples - window) / hop);

function clipSamples(graph: Graph, spec: FrontendSpec, frames: number): number {
  const needed = spec.window + (frames - 1) * spec.hop;
  const samples = spec.clip ?? (framesIn(spec.rate, spec) === frames ? spec.rate : needed);
  if (samples < spec.window || framesIn(samples, spec) !== frames)
    refuse(
      graph,
      `${samples} samples are ${samples < spec.window ? 0 : framesIn(samples, spec)} frames, and the model takes ${frames}`,
      'give the window, hop and clip that the model was trained with',
    );
  return samples;
}

const stagesOf = (spec: FrontendSpec, quant: Quant): Stages | undefined =>
  spec.name === 'micro_speech' ? microSpeechStages(spec, quant) : mfccStages(spec, quant);

function addStage(graph: Graph, stage: Stage, inputs: readonly TensorId[]): Node {
  const name = `frontend/${stage.name}`;
  const constants = stage.constants.map((c) => addTensor(graph, { ...c, name: `${name}/${c.name}` }));
  const outputs = Array.from({ length: stage.outputs }, (_, i) =>
    addTensor(graph, {
      name: i === 0 ? name : `${name}/${i}`,
      dtype: stage.dtype,
      shape: [],
      ...(stage.quant ? { quant: stage.quant } : {}),
    }),
  );
  const node = { op: stage.op, name, inputs: [...inputs, ...constants], outputs, attrs: stage.attrs };
  inferNode(graph, node);
  return node;
}

/** What the model now takes. */
export function frontendNote(graph: Graph, spec: FrontendSpec): string {
  const samples = graph.tensors[graph.inputs[0]].shape[1];
  return `front end ${frontendText(spec)}: ${samples} samples of sound (int16, ${spec.rate} a second) give ${framesIn(samples, spec)} frames`;
}

/** The model with its front end; `samples` of sound are an inference. */
export function prependFrontend(source: Graph, spec: FrontendSpec): Graph {
  const quant = featureQuant(source);
  perTensorQuant(source.tensors[source.inputs[0]]);
  const made = stagesOf(spec, quant);
  if (!made) refuse(source, `the band up to ${spec.highHz} Hz ends beyond the last bin`, 'take a lower high=');
  const banks = made.stages.filter((s) => s.op === 'filterBank');
  if (banks.some(({ attrs }) => (attrs.widths as number[]).every((width) => width === 0)))
    refuse(
      source,
      `no filter from ${spec.lowHz} to ${spec.highHz} Hz holds one of the ${spec.rate / fftSize(spec.window)} Hz steps of the spectrum`,
      'take a wider band or a longer window',
    );
  const samples = clipSamples(source, spec, framesOf(source, spec, made.features));
  const graph = cloneGraph(source);
  const [features] = graph.inputs;
  const audio = addTensor(graph, { name: 'audio', dtype: 'int16', shape: [1, samples, 1, 1] });
  const nodes: Node[] = [];
  let last: TensorId[] = [audio];
  for (const stage of made.stages) {
    const node = addStage(graph, stage, last.slice(0, stage.reads ?? 1));
    nodes.push(node);
    last = node.outputs;
  }
  const { shape } = graph.tensors[features];
  const view = {
    op: 'reshape',
    name: 'frontend/features',
    inputs: [last[0]],
    outputs: [features],
    attrs: { shape: [...shape] },
  };
  graph.nodes = [...nodes, view, ...graph.nodes];
  graph.inputs = [audio];
  graph.ioPermutation.delete(features);
  return graph;
}
