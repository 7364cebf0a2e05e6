// SPDX-License-Identifier: Apache-2.0
// Judges a random model: it is read, planned, and run by the C kernels as WebAssembly, which equal the TypeScript twins bit
// for bit and ONNX Runtime to 1e-4; quantized from its own inputs, every integer layer is within its rounding of the
// real function of its inputs.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { loadTarget } from '../../src/build/boards.js';
import { buildKernelModule } from '../../src/build/kernelModule.js';
import { openWasmCache } from '../../src/build/wasmCache.js';
import { MoteError } from '../../src/cli/errors.js';
import { quantizeFromCalibration } from '../../src/compress/quantizeFromCalibration.js';
import { GraphRunner, type GraphRunnerOptions } from '../../src/device/graphRunner.js';
import type { Graph, TensorData, TensorId } from '../../src/model/graph.js';
import { elementCount } from '../../src/model/graph.js';
import { writeOnnx } from '../../src/model/testing/onnxWriter.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { kernelTable } from '../../src/ops/kernels.js';
import { importModel, requireSupported } from '../../src/packModel.js';
import { relayout } from '../../src/passes/testing/graphBuilder.js';
import { planGraph } from '../../src/plan/planGraph.js';
import { randomOf } from '../kernels/random.js';
import { layerErrors } from './layerErrors.js';
import type { RandomModel } from './randomModel.js';

export interface Judge {
  /** What is wrong with how a valid model is read or run in float, or undefined. */
  float(model: RandomModel): Promise<string | undefined>;
  /** The same after quantizing; a model that mote refuses to quantize, with a sentence, gives `refused: …`. */
  quantized(model: RandomModel): Promise<string | undefined>;
}

const tolerance = 1e-4;
/** Of a rounding step of the output: its own rounding, a requantization's, and a bias's. */
const mostSteps = 1.6;

/** Inputs in the file's layout. */
function inputsFor(graph: Graph, seed: number): Float32Array[] {
  const random = randomOf(seed);
  return graph.inputs.map((id) =>
    Float32Array.from({ length: elementCount(graph.tensors[id].shape) }, () => random.real(-1, 1)),
  );
}

const intoGraph = (graph: Graph, inputs: readonly TensorData[]): TensorData[] =>
  graph.inputs.map((id, i) => relayout(graph, id, inputs[i], 'toGraph'));

function firstDifference(got: TensorData, wanted: TensorData, near?: number): string | undefined {
  if (got.length !== wanted.length) return `${got.length} elements, expected ${wanted.length}`;
  const size = Array.from(wanted, Number).reduce((a, v) => (Number.isFinite(v) ? Math.max(a, Math.abs(v)) : a), 1);
  for (let i = 0; i < got.length; i++) {
    const [a, b] = [Number(got[i]), Number(wanted[i])];
    if (Object.is(a, b) || (near !== undefined && (a === b || Math.abs(a - b) <= near * size))) continue;
    return `element ${i} is ${a}, expected ${b}`;
  }
  return undefined;
}

/** Shape in the file's layout. */
function fileShape(graph: Graph, id: TensorId): number[] {
  const { shape } = graph.tensors[id];
  const perm = graph.ioPermutation.get(id);
  return perm ? shape.map((_, d) => shape[perm.indexOf(d)]) : shape;
}

async function againstOnnxRuntime(bytes: Uint8Array, graph: Graph, inputs: Float32Array[], outputs: TensorData[]) {
  // Without its rewrites: what is judged is what the operators are said to do.
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3, graphOptimizationLevel: 'disabled' });
  const feeds = graph.inputs.map((id, i): [string, Tensor] => [
    graph.tensors[id].name,
    new Tensor('float32', inputs[i], fileShape(graph, id)),
  ]);
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  for (const [i, id] of graph.outputs.entries()) {
    const wanted = results[session.outputNames[i]];
    if (wanted.dims.join() !== fileShape(graph, id).join())
      return `output ${i} has shape [${fileShape(graph, id)}], ONNX Runtime says [${wanted.dims}]`;
    const got = relayout(graph, id, outputs[i], 'toFile');
    const wrong = firstDifference(got, wanted.data as Float32Array, tolerance);
    if (wrong) return `output ${i} against ONNX Runtime: ${wrong}`;
  }
  return undefined;
}

async function againstKernels(graph: Graph, inputs: TensorData[], options: GraphRunnerOptions) {
  planGraph(graph, options);
  const runner = await GraphRunner.open(graph, options);
  const twins = evaluateGraph(graph, inputs, { rounding: options.rounding });
  const outputs = runner.outputs(inputs);
  const wrong = outputs.map((o, i) => firstDifference(o, twins[i])).find((w) => w !== undefined);
  return { twins, wrong: wrong && `the kernels differ from the TypeScript twins: ${wrong}` };
}

/** All kernels for WebAssembly as one module, made once. */
async function openOptions(): Promise<GraphRunnerOptions> {
  const target = loadTarget('wasm32');
  const cache = await openWasmCache();
  const kernels = kernelTable().filter((row) => target.isa.includes(row.isa));
  const module = await buildKernelModule(
    kernels.map((row) => row.name),
    target,
    cache,
  );
  return { target, cache, module, rounding: 'single' };
}

export async function openJudge(): Promise<Judge> {
  const options = await openOptions();
  return {
    async float(model) {
      const bytes = writeOnnx(model.graph);
      const graph = importModel(bytes, 'random.onnx');
      requireSupported(graph);
      const inputs = inputsFor(graph, 1);
      const { twins, wrong } = await againstKernels(graph, intoGraph(graph, inputs), options);
      return wrong ?? (model.jumps ? undefined : againstOnnxRuntime(bytes, graph, inputs, twins));
    },
    async quantized(model) {
      const graph = importModel(writeOnnx(model.graph), 'random.onnx');
      const samples = [1, 2, 3, 4].map((seed) => intoGraph(graph, inputsFor(graph, seed)));
      const made = await quantizeFromCalibration(graph, samples, undefined, { equalize: 'none' }).catch((error) => {
        if (error instanceof MoteError && error.exit === 3) return `refused: ${error.message}`;
        throw error;
      });
      if (typeof made === 'string') return made;
      const integer = samples[0].map((data, i) => quantizedInput(made.graph, i, data as Float32Array));
      const { wrong } = await againstKernels(made.graph, integer, options);
      const worst = layerErrors(made.graph, integer).find((l) => l.steps > mostSteps);
      return wrong ?? (worst && `${worst.op} '${worst.name}' is ${worst.steps.toFixed(2)} steps off`);
    },
  };
}

function quantizedInput(graph: Graph, i: number, data: Float32Array): Int8Array {
  const { quant } = graph.tensors[graph.inputs[i]];
  const [scale, zero] = [quant?.scales[0] ?? 1, quant?.zeroPoints[0] ?? 0];
  return Int8Array.from(data, (v) => Math.min(127, Math.max(-128, Math.round(v / scale) + zero)));
}
