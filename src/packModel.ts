// SPDX-License-Identifier: Apache-2.0
// The line from model bytes to a pack: read -> passes -> quantize -> plan -> emit. Pure but for reading runtime-c/ and,
// for float models, compiling the reference C to WebAssembly to make the expected outputs.
import { createHash } from 'node:crypto';
import { loadTarget } from './build/boards.js';
import { fail } from './cli/errors.js';
import { hasCodedLayers } from './compress/codedRecipe.js';
import {
  type Equalization,
  type QuantizerOptions,
  type QuantizerReport,
  quantizeFromCalibration,
} from './compress/quantizeFromCalibration.js';
import { codedFrom, recipeFrom, requireLayers } from './compress/recipe.js';
import { rewriteOf } from './compress/rewrite.js';
import { type WeightHistograms, weightHistograms } from './compress/weightHistograms.js';
import { type CostTable, withTable } from './costs/boardCosts.js';
import { openWasmRunners } from './device/wasmRunner.js';
import { modelName } from './emit/names.js';
import { emitPack, type PackInput, type PackOutput } from './emit/pack.js';
import { isNpuCall } from './emit/runtimeFiles.js';
import type { Vectors } from './emit/testProgram.js';
import { frontendText } from './frontend/frontendSpec.js';
import { frontendNote, prependFrontend } from './frontend/prependFrontend.js';
import type { PackManifest } from './generated/pack.js';
import type { Recipe } from './generated/recipe.js';
import type { Graph, Tensor, TensorData } from './model/graph.js';
import { elementCount, makeData, perTensorQuant } from './model/graph.js';
import type { TextOptions } from './model/llama2c.js';
import { readModel } from './model/readModel.js';
import { type InputScale, samplesFor } from './model/samples.js';
import { resetStates } from './model/state.js';
import { bytesOf } from './model/tensorData.js';
import { asInFile } from './model/tflite/writeGraph.js';
import { backendOf } from './npu/backends.js';
import type { MemoryWish } from './npu/npuBackend.js';
import { npuManifest, npuNotes } from './npu/npuManifest.js';
import { type NpuChoice, type Partition, partition } from './npu/partition.js';
import { evaluateGraph } from './ops/evaluateGraph.js';
import { kernelTable } from './ops/kernels.js';
import type { Rounding } from './ops/op.js';
import type { PackRequest } from './packRequest.js';
import { textOf, tokenizerFile, withTextWeights } from './packText.js';
import { type ByFrames, byFrames } from './passes/byFrames.js';
import { canonicalize } from './passes/index.js';
import { specOf } from './plan/buffers.js';
import { callsOf, type Plan } from './plan/plan.js';
import { planGraph } from './plan/planGraph.js';
import { isInline } from './plan/rowMean.js';
import { type StoredOrder, storedOrderFor } from './plan/storedOrder.js';
import { tradeOffNote } from './plan/tradeOff.js';
import { streamNotes } from './report/streamNotes.js';
import { findObstacles } from './support.js';
import { xorshift32 } from './xorshift.js';

/** What mote's quantizer started from. */
export interface MadeFrom {
  float: Graph;
  equalization: Equalization;
  calibration: NonNullable<PackRequest['calibration']>;
  /** What the numbers of the calibration data mean. */
  inputScale: InputScale;
}

export interface PackResult extends PackOutput {
  graph: Graph;
  /** Where mote quantized the model. */
  made?: MadeFrom;
  plan: Plan;
  /** What was done to the model, a sentence each. */
  notes: string[];
}

const vectorCount = 4;

// Ranges and means settle within a hundred samples (TensorFlow Lite advises 100 to 500); more only takes time.
const maxCalibrationSamples = 128;
// Rounding for a rate takes up all freedom that the samples leave: on ResNet-8 512 are worth 1.5 dB.
const maxCodedSamples = 512;

/** Bytes -> canonical graph. */
export function importModel(bytes: Uint8Array, fileName: string, options?: TextOptions): Graph {
  return canonicalize(readModel(bytes, fileName, options));
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
  // Sound is as loud as it gets.
  const isSound = (t: Tensor): boolean => t.dtype === 'int16' && !t.quant;
  return graph.inputs.map((id) => {
    const t = graph.tensors[id];
    const data = makeData(t.dtype, elementCount(t.shape)) as Int8Array;
    for (let i = 0; i < data.length; i++)
      if (isSound(t)) data[i] = (next() >>> 16) - 32_768;
      else data[i] = t.dtype === 'float32' ? byte() / 255 : byte() - (t.dtype === 'uint8' ? 0 : 128);
    return data;
  });
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Formats below eight bits are made from a float model and calibration data. */
export function requireFloat(graph: Graph, { calibration }: Pick<PackRequest, 'calibration'>): void {
  if (!calibration || !isFloat(graph))
    fail('quant.float', { what: calibration ? 'this model is quantized already' : 'no calibration data was given' });
}

type Calibration = Pick<PackRequest, 'calibration' | 'inputScale'>;

/** The calibration data as inputs of the graph. */
export function calibrationSamples(
  graph: Graph,
  { calibration, inputScale }: Calibration & { calibration: NonNullable<Calibration['calibration']> },
): { samples: TensorData[][]; how: string } {
  if (graph.inputs.length !== 1)
    fail('quant.calibration', { reason: `the model has ${graph.inputs.length} inputs, one .npy feeds only one` });
  if (inputScale === 'raw' && isFloat(graph))
    fail('quant.calibration', {
      reason:
        '--input-scale raw means that they are the integers of the model, and this model is float: leave it out where they are what the model takes, or give SCALE,ZERO',
    });
  const input = graph.tensors[graph.inputs[0]];
  const permutation = graph.ioPermutation.get(graph.inputs[0]);
  const quant = input.quant ? perTensorQuant(input) : undefined;
  const port = { ...input, ...quant, permutation };
  const { data, how } = samplesFor(calibration.array, port, inputScale ?? 'auto', calibration.path);
  return { samples: data.map((d) => [d]), how };
}

/** Those of the calibration samples that ranges, moments and roundings are made from. */
export const usedForCalibration = (samples: readonly TensorData[][], coded = false, most?: number): TensorData[][] =>
  evenly(samples, most ?? (coded ? maxCodedSamples : maxCalibrationSamples));

/** What a recipe says to the quantizer. */
function recipeOptions(recipe: Recipe, graph: Graph, request: PackRequest, notes: string[]): QuantizerOptions {
  requireLayers(recipe, graph);
  if (recipe.model !== undefined && recipe.model !== sha256(request.bytes))
    notes.push('the recipe was made for another model file');
  const calibration = request.calibration?.array.data;
  const rewrite = rewriteOf(recipe);
  if (recipe.calibration !== undefined && calibration && recipe.calibration !== sha256(bytesOf(calibration)))
    notes.push('the recipe was made with other calibration data: the formats are the same, the integers are not');
  return {
    recipeOf: recipeFrom(recipe),
    ...(rewrite ? { rewrite } : {}),
    ...(recipe.quantizer?.equalize ? { equalize: recipe.quantizer.equalize } : {}),
    ...(recipe.quantizer?.ranges ? { method: recipe.quantizer.ranges } : {}),
    ...(recipe.quantizer?.lossInputs ? { lossInputs: recipe.quantizer.lossInputs } : {}),
  };
}

/** Where the target's kernels will have the weights of what mote quantizes. */
function storedOrderOf(request: PackRequest): { storedOrder?: StoredOrder } {
  const { rounding = 'single', prefer = 'balance', costs } = request;
  if (request.target === '') return {};
  return { storedOrder: storedOrderFor({ rounding, prefer, target: withTable(loadTarget(request.target), costs) }) };
}

interface Made {
  graph: Graph;
  samples?: TensorData[][];
  made?: MadeFrom;
  histograms?: WeightHistograms;
}

async function quantized(graph: Graph, request: PackRequest, notes: string[]): Promise<Made> {
  if (graph.text) return { graph: await withTextWeights(graph, request, notes) };
  const { calibration } = request;
  if (request.quantize?.recipeOf || request.quantize?.rewrite || request.recipe) requireFloat(graph, request);
  if (!calibration) return { graph };
  const { samples, how } = calibrationSamples(graph, { ...request, calibration });
  notes.push(`calibration data: ${how}`);
  if (!isFloat(graph)) {
    notes.push('the model is quantized already; the calibration data serves as test vectors only');
    return { graph, samples };
  }
  const runners = await openWasmRunners();
  const options: QuantizerOptions = {
    makeIntegerRunner: runners.integer,
    ...storedOrderOf(request),
    ...(request.recipe ? recipeOptions(request.recipe, graph, request, notes) : {}),
    ...request.quantize,
  };
  const coded = options.recipeOf !== undefined && hasCodedLayers({ graph, recipeOf: options.recipeOf });
  const used = usedForCalibration(samples, coded, request.recipe?.quantizer?.samples);
  const result = await quantizeFromCalibration(graph, used, runners.float, options);
  const permutation = graph.ioPermutation.get(graph.inputs[0]);
  const at = perTensorQuant(result.graph.tensors[result.graph.inputs[0]]);
  const inputScale =
    request.inputScale === 'auto' || request.inputScale === undefined ? { scale: 1, zero: 0 } : request.inputScale;
  const requantized = samplesFor(
    calibration.array,
    { ...result.graph.tensors[result.graph.inputs[0]], scale: at.scale, zeroPoint: at.zeroPoint, permutation },
    inputScale,
    calibration.path,
  );
  notes.push(quantizerNote(result.report));
  return {
    graph: result.graph,
    samples: requantized.data.map((d) => [d]),
    made: { float: graph, equalization: result.report.equalization, calibration, inputScale },
    histograms: weightHistograms(result.source, result.graph),
  };
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
  return `quantized to ${report.activations} from ${report.samples} samples, ranges by ${report.method}${extras.map((e) => `, ${e}`).join('')}${snr}`;
}

/** A window cut into what the model takes frame by frame. */
function framesOf({ graph, windowFrames, newFrames }: ByFrames, window: TensorData): TensorData[][] {
  const size = elementCount(graph.tensors[graph.inputs[0]].shape);
  return Array.from({ length: windowFrames / newFrames }, (_, k) => [window.slice(k * size, (k + 1) * size)]);
}

const macsOf = (graph: Graph): number => graph.nodes.reduce((sum, n) => sum + specOf(n).macs(n, graph), 0);

function framesNote({ graph, windowFrames, newFrames }: ByFrames, whole: Graph): string {
  const [each, before] = [macsOf(graph), macsOf(whole)];
  return `frame by frame: ${newFrames} new of ${windowFrames}, ${each} of ${before} multiplications (${((100 * each) / before).toFixed(1)} %); the first ${Math.ceil(windowFrames / newFrames) - 1} outputs are not of a whole window`;
}

/** Expected outputs by the plain TypeScript twin of every operator; state goes on from one vector to the next. */
function makeVectors(graph: Graph, rounding: Rounding, samples: TensorData[][] | undefined): Vectors {
  const inputs =
    samples?.slice(0, vectorCount) ??
    Array.from({ length: vectorCount }, (_, k) => randomSample(graph, 0x9e3779b9 + k * 0x7f4a7c15));
  const state = resetStates(graph);
  const outputs = inputs.map((sample) => evaluateGraph(graph, sample, { rounding, state }));
  return { inputs, outputs, from: samples ? 'calibration' : 'random' };
}

/** Only kernels in plain C, which any machine runs. */
function isPortable(plan: Plan): boolean {
  const portable = new Set(
    kernelTable()
      .filter((r) => r.isa === 'ref')
      .map((r) => r.name),
  );
  return plan.steps.every((s) =>
    callsOf(s).every((c) => portable.has(c.kernel) || isInline(c.kernel) || isNpuCall(c.kernel)),
  );
}

/** What decided the kernels, so that a pack says why it differs from another. */
const costsPart = ({ rows, counted }: CostTable): NonNullable<PackManifest['costs']> => ({
  shapes: counted.size,
  hash: sha256(Buffer.from(JSON.stringify(rows))).slice(0, 16),
});

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

interface Split extends Partition {
  choice: NpuChoice;
  /** Before the partition, with the scales that the NPU's compiler read. */
  source: Graph;
}

/** What the NPU takes becomes its own. One that equals mote's kernels does so in the double rounding of TensorFlow Lite. */
async function splitForNpu(graph: Graph, npu: NpuChoice, request: PackRequest): Promise<Split> {
  if (request.rounding === 'single' && backendOf(npu.backend).exact)
    fail('usage.bad', {
      what: `an ${npu.config} rounds as TensorFlow Lite, not once: leave out --rounding`,
      command: 'pack',
    });
  const memory: MemoryWish = {
    ...(request.prefer === 'ram' ? { prefer: 'ram' } : {}),
    ...(request.arenaLimitBytes === undefined ? {} : { budgetBytes: request.arenaLimitBytes }),
  };
  const choice = { ...npu, ...(request.npuProvider ? { provider: request.npuProvider } : {}), memory };
  const source = asInFile(graph);
  return { ...(await partition(source, choice)), choice, source };
}

/** The graph that a pack would be made of, as a file holds it: read, and quantized where calibration data is given. */
export async function quantizeModel(
  request: Pick<PackRequest, 'bytes' | 'fileName' | 'calibration' | 'inputScale' | 'quantize'>,
): Promise<{ graph: Graph; notes: string[] }> {
  const imported = importModel(request.bytes, request.fileName);
  const notes = [...(imported.notes ?? [])];
  requireSupported(imported);
  const { graph } = await quantized(imported, { ...request, target: '' }, notes);
  return { graph: asInFile(graph), notes };
}

/** Reads, compresses, plans and emits. Nothing is written. */
export async function packModel(request: PackRequest): Promise<PackResult> {
  const imported = importModel(request.bytes, request.fileName, request.text);
  const notes: string[] = [...(imported.notes ?? [])];
  requireSupported(imported);
  const fromFile = !isFloat(imported);
  const { graph: quantizedGraph, samples: features, made, histograms } = await quantized(imported, request, notes);
  const { frontend } = request;
  const whole = frontend ? prependFrontend(quantizedGraph, frontend) : quantizedGraph;
  // Features are no sound.
  const windows = frontend ? undefined : features;
  if (frontend) notes.push(frontendNote(whole, frontend));
  requireSupported(whole);
  const frames = request.stream ? byFrames(whole) : undefined;
  const { npu } = loadTarget(request.target);
  const split = npu && (await splitForNpu(frames?.graph ?? whole, npu, request));
  const exactNpu = npu && backendOf(npu.backend).exact;
  const graph = split?.graph ?? frames?.graph ?? whole;
  const samples = frames && windows ? framesOf(frames, windows[0][0]) : windows;
  if (frames) notes.push(framesNote(frames, whole));
  const quantizedBy = fromFile ? 'file' : isFloat(graph) && !(graph.text && request.text?.weights) ? 'none' : 'mote';
  // Only TensorFlow Lite's own files promise its double rounding; onnxruntime rounds once, in float.
  const rounding =
    request.rounding ??
    (exactNpu || (graph.source.format === 'tflite' && quantizedBy !== 'mote') ? 'tflite' : 'single');
  const prefer = request.prefer ?? 'balance';
  const target = withTable(loadTarget(request.target), request.costs);
  const coding = request.coded ?? (request.recipe && codedFrom(request.recipe));
  if (coding && prefer === 'ram')
    fail('usage.bad', { what: 'coded constants take RAM for flash, --prefer ram does the opposite', command: 'pack' });
  const plan = planGraph(graph, { rounding, prefer, target }, undefined, coding);
  if (prefer === 'speed' || prefer === 'size') {
    const unit = request.costs?.unit ?? 'instructions';
    const note = tradeOffNote(prefer, plan, planGraph(graph, { rounding, target }), target, unit);
    if (note) notes.push(note);
  }
  const input: PackInput = {
    graph,
    plan,
    name: modelName(request.name ?? request.fileName),
    model: {
      file: request.fileName,
      format: graph.source.format,
      sha256: sha256(request.bytes),
      quantizedBy,
      ...(quantizedBy === 'file' ? { copy: `reference/model.${graph.source.format}` } : {}),
      ...(made && !frames && !frontend
        ? {
            float: `reference/float.${graph.source.format}`,
            equalized: made.equalization,
            histograms: 'reference/weights.json',
          }
        : {}),
    },
    target: request.target,
    board: request.board,
    ...(request.costs ? { costs: costsPart(request.costs) } : {}),
    rounding,
    prefer,
    ...textOf(graph, request),
    // By the nodes themselves, so that verify compares what the NPU's compiler made with what they mean, bit by bit.
    vectors: makeVectors((exactNpu && split?.source) || graph, rounding, samples),
    ...(split ? { npu: npuManifest(split) } : {}),
    ...(frontend ? { frontend: { text: frontendText(frontend), rate: frontend.rate } } : {}),
    ...(frames ? { frames: { window: frames.windowFrames, fresh: frames.newFrames } } : {}),
  };
  const output = isPortable(plan) ? emitPack(input) : withHostPack(input);
  if (request.text?.tokenizer) output.files.set(tokenizerFile, request.text.tokenizer);
  if (input.model.copy) output.files.set(input.model.copy, request.bytes);
  if (input.model.float) output.files.set(input.model.float, request.bytes);
  if (input.model.histograms)
    output.files.set(
      input.model.histograms,
      `${JSON.stringify(histograms)}
`,
    );
  notes.push(
    ...streamNotes(output.manifest, plan.trade),
    ...(output.manifest.npu ? npuNotes(output.manifest.npu) : []),
  );
  return { ...output, graph, plan, notes, ...(made && !frames && !frontend ? { made } : {}) };
}
