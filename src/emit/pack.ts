// SPDX-License-Identifier: Apache-2.0
// Graph + Plan + vectors -> all files of a pack folder and its manifest. Pure but for reading runtime-c/.
import { createHash } from 'node:crypto';
import { encodingName } from '../compress/formats/index.js';
import type { PackManifest, PackPort, StreamedLayer } from '../generated/pack.js';
import { type Graph, type Node, type TensorId, tensorBytes } from '../model/graph.js';
import { writeNpy } from '../model/npy.js';
import { sampleShape } from '../model/sampleShape.js';
import { stateTensors } from '../model/state.js';
import { concatData } from '../model/tensorData.js';
import type { Prefer, Rounding } from '../ops/op.js';
import { storedOf } from '../ops/packedConv.js';
import type { Work } from '../ops/variants/variant.js';
import { callsOf, type Plan } from '../plan/plan.js';
import { isInline } from '../plan/rowMean.js';
import { sharedArrays, totalWeightBytes, weightBytes } from '../plan/sharedConstants.js';
import type { Stream } from '../plan/stream.js';
import { version } from '../version.js';
import { codedHeader, hasCoded } from './coded.js';
import { type EmitContext, parameterSymbol } from './emitContext.js';
import { kernelCode } from './kernelCode.js';
import { firmwareGlue, layersHeader, layersSource } from './layers.js';
import { headerOf, modelHeader, modelSource, streamHeader } from './model.js';
import { namesOf } from './names.js';
import { runtimeFiles } from './runtimeFiles.js';
import { testProgram, type Vectors } from './testProgram.js';

export interface PackInput {
  graph: Graph;
  plan: Plan;
  name: string;
  model: PackManifest['model'];
  target: string;
  board?: string;
  /** Where a board's counts decided the kernels. */
  costs?: PackManifest['costs'];
  rounding: Rounding;
  prefer: Prefer;
  vectors: Vectors;
  /** Frame by frame: frames of the window, and those that an inference takes. */
  frames?: { window: number; fresh: number };
  frontend?: PackManifest['frontend'];
  text?: PackManifest['text'];
  /** What an NPU runs. */
  npu?: NonNullable<PackManifest['npu']>;
  /** Folder of the same model in plain C, when the pack gets one. */
  host?: string;
}

export interface PackOutput {
  manifest: PackManifest;
  /** Path relative to the folder -> contents, pack.json included. */
  files: Map<string, string | Uint8Array>;
}

const portDtypes = new Set(['float32', 'int8', 'uint8', 'int16', 'int32', 'int64', 'bool']);

/** How to find and read a tensor in the arena. */
function portOf(graph: Graph, plan: Plan, id: TensorId): PackPort {
  const t = graph.tensors[id];
  if (!portDtypes.has(t.dtype)) throw new Error(`tensor '${t.name}' has type ${t.dtype}`);
  const permutation = graph.ioPermutation.get(id);
  return {
    name: t.name,
    dtype: t.dtype as PackPort['dtype'],
    shape: [...t.shape],
    bytes: tensorBytes(t),
    offset: plan.offsetOf.get(id) as number,
    ...(t.quant ? { scale: t.quant.scales[0], zeroPoint: t.quant.zeroPoints[0] } : {}),
    ...(permutation ? { permutation } : {}),
  };
}

const labelsOf = ({ tensors }: Graph, id: TensorId): Pick<PackPort, 'labels'> => {
  const { labels } = tensors[id];
  return labels ? { labels: [...labels] } : {};
};

function arithmeticOf(graph: Graph, plan: Plan): PackManifest['arithmetic'] {
  // What has no scale says nothing of the arithmetic: the integers of a front end, and of index arithmetic.
  // The first output: what others are is state, int16 also in layers of int8.
  const tensors = plan.steps.map((s) => graph.tensors[s.node.outputs[0]]);
  const kinds = new Set(tensors.filter((t) => t.dtype !== 'int16' || t.quant).map((t) => t.dtype));
  const float = kinds.has('float32');
  const integer = [...kinds].some((k) => k !== 'float32');
  if (float && integer) return 'mixed';
  if (float) return 'float32';
  return kinds.has('int16') ? 'int16x8' : 'int8';
}

function weightsOf(graph: Graph, node: Node): { weights?: string } {
  const stored = storedOf(node, graph);
  return stored ? { weights: encodingName(stored.encoding) } : {};
}

/** What a cost table needs to know of a call. */
const costingOf = (kernel: string, work: Work | undefined): { work?: Work; code?: string } =>
  work ? { work, code: kernelCode(kernel) } : {};

export function layersOf(graph: Graph, plan: Plan, name: string): PackManifest['layers'] {
  const { layers, stages } = namesOf(plan);
  const shared = sharedArrays(plan);
  return plan.steps.map((step, index) => ({
    index,
    name: layers[index],
    ...(step.stream ? {} : { node: step.node.name }),
    op: step.node.op,
    kernel: step.stream ? parameterSymbol(name, layers[index]) : step.call.kernel,
    macs: step.macs,
    ...weightsOf(graph, step.node),
    weightBytes: weightBytes(step, shared),
    ...(step.coded ? { coded: step.coded.mode, decodedBytes: step.coded.decodedBytes } : {}),
    scratchBytes: step.call.scratchBytes,
    ...costingOf(step.call.kernel, step.work),
    ...(step.stream ? { otherInstructions: Math.round(step.stream.otherInstructions) } : {}),
    inputs: step.call.inputs.map((i) => portOf(graph, plan, step.node.inputs[i])),
    outputs: step.call.outputs.map((i) => portOf(graph, plan, step.node.outputs[i])),
    ...(step.stream ? { bands: step.stream.bands, streamed: streamedOf(step.stream, stages[index]) } : {}),
  }));
}

const streamedOf = ({ stages }: Stream, names: readonly string[]): StreamedLayer[] =>
  stages.map(({ node, calls, macs, work, schedule }, i) => ({
    name: names[i],
    op: node.op,
    kernel: calls[0].kernel,
    macs,
    ...costingOf(calls[0].kernel, work),
    rowsPerBand: schedule.rowsPerBand,
  }));

function vectorFiles(graph: Graph, vectors: Vectors): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const add = (kind: 'input' | 'output', ids: TensorId[], samples: Vectors['inputs']): void => {
    ids.forEach((id, i) => {
      const t = graph.tensors[id];
      const data = concatData(
        t.dtype,
        samples.map((s) => s[i]),
      );
      files.set(`vectors/${kind}_${i}.npy`, writeNpy(t.dtype, [samples.length, ...sampleShape(t.shape)], data));
    });
  };
  add('input', graph.inputs, vectors.inputs);
  add('output', graph.outputs, vectors.outputs);
  return files;
}

function hashOf(files: Map<string, string>): string {
  const hash = createHash('sha256');
  for (const path of [...files.keys()].sort()) hash.update(`${path}\0${files.get(path)}\0`);
  return hash.digest('hex');
}

/** Everything that `mote pack` writes. Same input, same bytes. */
export function emitPack(input: PackInput): PackOutput {
  const { graph, plan, name } = input;
  const origin = `${name}: ${input.model.file} for ${input.target}, ${input.rounding} rounding`;
  const context: EmitContext = { graph, plan, name, origin };
  const kernelNames = [...new Set(plan.steps.flatMap((s) => callsOf(s).map((c) => c.kernel)))];
  const runtime = runtimeFiles(
    kernelNames.filter((k) => !isInline(k)),
    [
      'mote/mote.h',
      ...(plan.steps.some((s) => s.stream) ? [streamHeader] : []),
      ...(hasCoded(plan) ? [codedHeader] : []),
      ...kernelNames.map(headerOf),
    ],
  );
  const sources = new Map<string, string>([
    [`${name}.h`, modelHeader(context)],
    [`${name}.c`, modelSource(context)],
    [`${name}_layers.h`, layersHeader(context)],
    [`${name}_layers.c`, layersSource(context)],
    ...runtime,
  ]);
  const hash = hashOf(sources);
  sources.set('mote_model.h', firmwareGlue(context, hash));
  sources.set(`${name}_test.c`, testProgram(context, input.vectors));

  const manifest: PackManifest = {
    schema: 'mote.manifest/1',
    mote: version,
    name,
    hash,
    model: input.model,
    target: input.target,
    ...(input.board ? { board: input.board } : {}),
    ...(input.costs ? { costs: input.costs } : {}),
    rounding: input.rounding,
    prefer: input.prefer,
    ...(input.host ? { host: input.host } : {}),
    ...(input.text ? { text: input.text } : {}),
    ...(input.frontend ? { frontend: input.frontend } : {}),
    ...(input.frames ? { frames: input.frames } : {}),
    ...(input.npu ? { npu: input.npu } : {}),
    arithmetic: arithmeticOf(graph, plan),
    arenaBytes: plan.arenaBytes,
    weightBytes: totalWeightBytes(plan),
    macs: plan.steps.reduce((sum, s) => sum + s.macs, 0),
    inputs: graph.inputs.map((id) => portOf(graph, plan, id)),
    outputs: graph.outputs.map((id) => ({ ...portOf(graph, plan, id), ...labelsOf(graph, id) })),
    ...(graph.states?.length ? { states: stateTensors(graph).map((id) => portOf(graph, plan, id)) } : {}),
    layers: layersOf(graph, plan, name),
    files: {
      header: `${name}.h`,
      sources: [`${name}.c`],
      layerSources: [`${name}_layers.c`],
      kernels: [...runtime.keys()].filter((p) => p.startsWith('kernels/')).sort(),
      test: `${name}_test.c`,
    },
    vectors: {
      count: input.vectors.inputs.length,
      inputs: graph.inputs.map((_, i) => `vectors/input_${i}.npy`),
      outputs: graph.outputs.map((_, i) => `vectors/output_${i}.npy`),
      from: input.vectors.from,
    },
  };
  const files = new Map<string, string | Uint8Array>([...sources, ...vectorFiles(graph, input.vectors)]);
  files.set('pack.json', `${JSON.stringify(manifest, null, 2)}\n`);
  return { manifest, files };
}
