// SPDX-License-Identifier: Apache-2.0
// The line from model bytes to a pack: read -> passes -> quantize -> plan -> emit. Pure but for reading runtime-c/ and,
// for float models, compiling the reference C to WebAssembly to make the expected outputs.
import { createHash } from 'node:crypto';
import { loadTarget } from './build/boards.js';
import { fail } from './cli/errors.js';
import {
  type QuantizerOptions,
  type QuantizerReport,
  quantizeFromCalibration,
} from './compress/quantizeFromCalibration.js';
import { openWasmRunners } from './device/wasmRunner.js';
import { modelName } from './emit/names.js';
import { emitPack, type PackInput, type PackOutput } from './emit/pack.js';
import type { Vectors } from './emit/testProgram.js';
import type { Graph, TensorData } from './model/graph.js';
import { elementCount, makeData, perTensorQuant } from './model/graph.js';
import type { NpyArray } from './model/npy.js';
import { readModel } from './model/readModel.js';
import { type InputScale, samplesFor } from './model/samples.js';
import { evaluateGraph } from './ops/evaluateGraph.js';
import { kernelTable } from './ops/kernels.js';
import type { Prefer, Rounding } from './ops/op.js';
import { canonicalize } from './passes/index.js';
import { callsOf, type Plan, planGraph } from './plan/plan.js';
import { isInline } from './plan/rowMean.js';
import { tradeOffNote } from './plan/tradeOff.js';
import { findObstacles } from './support.js';
import { xorshift32 } from './xorshift.js';

export interface PackRequest {
  bytes: Uint8Array;
  fileName: string;
  target: string;
  board?: string;
  name?: string;
  rounding?: Rounding;
  prefer?: Prefer;
  calibration?: { array: NpyArray; path: string };
  inputScale?: InputScale;
  quantize?: QuantizerOptions;
}

export interface PackResult extends PackOutput {
  graph: Graph;
  plan: Plan;
  /** What was done to the model, a sentence each. */
  notes: string[];
}

const vectorCount = 4;

// Ranges and means settle within a hundred samples (TensorFlow Lite advises 100 to 500); more only takes time.
const maxCalibrationSamples = 128;

/** Bytes -> canonical graph. */
export function importModel(bytes: Uint8Array, fileName: string): Graph {
  return canonicalize(readModel(bytes, fileName));
}

/** Fails with the first node that cannot run. */
export function requireSupported(graph: Graph): void {
  const [first] = findObstacles(graph);
  if (first)
    fail('model.unsupported', { node: first.node, op: first.operator, reason: first.reason, change: first.change });
}

const isFloat = (graph: Graph): boolean => !graph.nodes.some((n) => n.outputs.some((id) => graph.tensors[id].quant));

/** Pseudo-random bytes, the same for the same model (xorshift32). */
function randomSample(graph: Graph, seed: number): TensorData[] {
  const next = xorshift32(seed);
  const byte = (): number => next() >>> 24;
  return graph.inputs.map((id) => {
    const t = graph.tensors[id];
    const data = makeData(t.dtype, elementCount(t.shape)) as Int8Array;
    for (let i = 0; i < data.length; i++)
      data[i] = t.dtype === 'float32' ? byte() / 255 : byte() - (t.dtype === 'uint8' ? 0 : 128);
    return data;
  });
}

async function quantized(
  graph: Graph,
  request: PackRequest,
  notes: string[],
): Promise<{ graph: Graph; samples?: TensorData[][] }> {
  const { calibration } = request;
  if ((request.quantize?.recipeOf || request.quantize?.rewrite) && (!calibration || !isFloat(graph)))
    fail('quant.float', { what: calibration ? 'this model is quantized already' : 'no calibration data was given' });
  if (!calibration) return { graph };
  if (graph.inputs.length !== 1)
    fail('quant.calibration', { reason: `the model has ${graph.inputs.length} inputs, one .npy feeds only one` });
  const input = graph.tensors[graph.inputs[0]];
  const permutation = graph.ioPermutation.get(graph.inputs[0]);
  const quant = input.quant ? perTensorQuant(input) : undefined;
  const { data, how } = samplesFor(
    calibration.array,
    { ...input, ...quant, permutation },
    request.inputScale ?? 'auto',
    calibration.path,
  );
  const samples = data.map((d) => [d]);
  notes.push(`calibration data: ${how}`);
  if (!isFloat(graph)) {
    notes.push('the model is quantized already; the calibration data serves as test vectors only');
    return { graph, samples };
  }
  const runners = await openWasmRunners();
  const result = await quantizeFromCalibration(graph, evenly(samples, maxCalibrationSamples), runners.float, {
    makeIntegerRunner: runners.integer,
    ...request.quantize,
  });
  const at = perTensorQuant(result.graph.tensors[result.graph.inputs[0]]);
  const requantized = samplesFor(
    calibration.array,
    { ...result.graph.tensors[result.graph.inputs[0]], scale: at.scale, zeroPoint: at.zeroPoint, permutation },
    request.inputScale === 'auto' || request.inputScale === undefined ? { scale: 1, zero: 0 } : request.inputScale,
    calibration.path,
  );
  notes.push(quantizerNote(result.report));
  return { graph: result.graph, samples: requantized.data.map((d) => [d]) };
}

/** At most `count` of the list, evenly spread over it. */
const evenly = <T>(list: readonly T[], count: number): T[] =>
  list.length <= count
    ? [...list]
    : Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]);

function quantizerNote(report: QuantizerReport): string {
  const snr =
    report.outputSnrDb === undefined
      ? ''
      : `; output ${report.outputSnrDb.toFixed(1)} dB signal-to-noise against float (estimated on calibration data)`;
  const extras = [
    ...(report.equalization === 'none' ? [] : [`equalized (${report.equalization})`]),
    ...(report.biasCorrected ? ['bias-corrected'] : []),
  ];
  return `quantized to int8 from ${report.samples} samples, ranges by ${report.method}${extras.map((e) => `, ${e}`).join('')}${snr}`;
}

/** Expected outputs by the plain TypeScript twin of every operator. */
function makeVectors(graph: Graph, rounding: Rounding, samples: TensorData[][] | undefined): Vectors {
  const inputs =
    samples?.slice(0, vectorCount) ??
    Array.from({ length: vectorCount }, (_, k) => randomSample(graph, 0x9e3779b9 + k * 0x7f4a7c15));
  const outputs = inputs.map((sample) => evaluateGraph(graph, sample, { rounding }));
  return { inputs, outputs, from: samples ? 'calibration' : 'random' };
}

/** Only kernels in plain C, which any machine runs. */
function isPortable(plan: Plan): boolean {
  const portable = new Set(
    kernelTable()
      .filter((r) => r.isa === 'ref')
      .map((r) => r.name),
  );
  return plan.steps.every((s) => callsOf(s).every((c) => portable.has(c.kernel) || isInline(c.kernel)));
}

const hostFolder = 'host';

/** The pack, and beside it the same model with the reference kernels: what the host runs and any C99 compiler builds. */
function withHostPack(input: PackInput): PackOutput {
  const { graph, rounding, board: _, ...rest } = input;
  // The same layers in the same bands, so that both can be compared step by step.
  const plan = planGraph(graph, { rounding, target: { id: 'wasm32', isa: ['ref'] } }, input.plan);
  const host = emitPack({ ...rest, graph, rounding, plan, target: 'wasm32' });
  const output = emitPack({ ...input, host: hostFolder });
  for (const [path, contents] of host.files) output.files.set(`${hostFolder}/${path}`, contents);
  return output;
}

/** Reads, compresses, plans and emits. Nothing is written. */
export async function packModel(request: PackRequest): Promise<PackResult> {
  const imported = importModel(request.bytes, request.fileName);
  const notes: string[] = [...(imported.notes ?? [])];
  requireSupported(imported);
  const fromFile = !isFloat(imported);
  const { graph, samples } = await quantized(imported, request, notes);
  requireSupported(graph);
  const quantizedBy = fromFile ? 'file' : isFloat(graph) ? 'none' : 'mote';
  // Only TensorFlow Lite's own files promise its double rounding; onnxruntime rounds once, in float.
  const rounding =
    request.rounding ?? (graph.source.format === 'tflite' && quantizedBy !== 'mote' ? 'tflite' : 'single');
  const prefer = request.prefer ?? 'balance';
  const target = loadTarget(request.target);
  const plan = planGraph(graph, { rounding, prefer, target });
  if (prefer === 'speed' || prefer === 'size') {
    const note = tradeOffNote(prefer, plan, planGraph(graph, { rounding, target }), target);
    if (note) notes.push(note);
  }
  const input: PackInput = {
    graph,
    plan,
    name: modelName(request.name ?? request.fileName),
    model: {
      file: request.fileName,
      format: graph.source.format,
      sha256: createHash('sha256').update(request.bytes).digest('hex'),
      quantizedBy,
      ...(quantizedBy === 'file' ? { copy: `reference/model.${graph.source.format}` } : {}),
    },
    target: request.target,
    board: request.board,
    rounding,
    prefer,
    vectors: makeVectors(graph, rounding, samples),
  };
  const output = isPortable(plan) ? emitPack(input) : withHostPack(input);
  if (input.model.copy) output.files.set(input.model.copy, request.bytes);
  return { ...output, graph, plan, notes };
}
