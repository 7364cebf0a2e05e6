// SPDX-License-Identifier: Apache-2.0
// Runs the cases of a folder: readModel -> canonicalize -> plan -> the C kernels as WebAssembly, compared with the
// expected outputs by the tolerance of the ONNX backend tests (onnx/backend/test/runner) and, bit by bit, with the
// TypeScript twins. One module holds the kernels of all cases.
import { loadTarget } from '../../src/build/boards.js';
import { buildKernelModule } from '../../src/build/kernelModule.js';
import { openWasmCache } from '../../src/build/wasmCache.js';
import { GraphRunner, type GraphRunnerOptions, graphKernels } from '../../src/device/graphRunner.js';
import { type Graph, makeData, type TensorData, type TensorId } from '../../src/model/graph.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { permuteTensor } from '../../src/passes/constants.js';
import { planGraph } from '../../src/plan/planGraph.js';
import { type Case, type DataSet, type DataTensor, listCases, readCase, readTensor } from './cases.js';
import { orSentence, type Prepared, prepare, readProto } from './prepare.js';
import { outOfScope } from './scope.js';

export interface CaseResult {
  name: string;
  result: 'passed' | 'failed' | 'outOfScope';
  /** Empty where it passed. */
  reason: string;
}

export interface Conformance {
  passed: number;
  failed: number;
  outOfScope: number;
  cases: CaseResult[];
}

const tolerance = { relative: 1e-3, absolute: 1e-7 };

interface Job {
  case: Case;
  prepared: Prepared;
}

/** All or the named cases of a folder. */
export async function runFolder(folder: string, wanted?: (name: string) => boolean): Promise<Conformance> {
  const results: CaseResult[] = [];
  const jobs: Job[] = [];
  for (const name of listCases(folder).filter(wanted ?? (() => true))) {
    const c = readCase(folder, name);
    const outside = outOfScope(readProto(c.model));
    const prepared = outside ?? prepare(c);
    if (outside !== undefined) results.push({ name, result: 'outOfScope', reason: outside });
    else if (typeof prepared === 'string') results.push({ name, result: 'failed', reason: prepared });
    else jobs.push({ case: c, prepared });
  }
  const options = await openOptions(jobs.map((j) => j.prepared.graph));
  for (const job of jobs) results.push(await runCase(job, options));
  results.sort((a, b) => (a.name < b.name ? -1 : 1));
  const count = (result: CaseResult['result']): number => results.filter((r) => r.result === result).length;
  return { passed: count('passed'), failed: count('failed'), outOfScope: count('outOfScope'), cases: results };
}

/** How graphs are run here: one module holds the kernels of all of them. */
export async function openOptions(graphs: readonly Graph[]): Promise<GraphRunnerOptions> {
  const options = { target: loadTarget('wasm32'), rounding: 'single', cache: await openWasmCache() } as const;
  // What cannot be lowered is reported when it is run.
  const kernels = graphs.flatMap((graph) => {
    const found = orSentence(() => graphKernels(graph, options));
    return typeof found === 'string' ? [] : found;
  });
  return { ...options, module: await buildKernelModule(kernels, options.target, options.cache) };
}

async function runCase({ case: c, prepared }: Job, options: GraphRunnerOptions): Promise<CaseResult> {
  try {
    planGraph(prepared.graph, options);
    const runner = await GraphRunner.open(prepared.graph, options);
    const wrong = c.sets
      .flatMap((set) => Array.from({ length: prepared.batch }, (_, sample) => judge(runner, prepared, set, sample)))
      .find((reason) => reason !== undefined);
    return { name: c.name, result: wrong === undefined ? 'passed' : 'failed', reason: wrong ?? '' };
  } catch (error) {
    return { name: c.name, result: 'failed', reason: `defect: ${String(error)}` };
  }
}

/** Why the outputs are wrong, or undefined. */
function judge(runner: GraphRunner, { graph, batch }: Prepared, set: DataSet, sample: number): string | undefined {
  const inputs = inputsOf({ graph, batch }, set, sample);
  const outputs = runner.outputs(inputs);
  const twins = evaluateGraph(graph, inputs, { rounding: 'single' });
  for (const [i, bytes] of set.outputs.entries()) {
    const file = readTensor(bytes);
    const wanted = batch === 1 ? file : sampleOf(file, batch, sample);
    const got = outOfGraph(graph, graph.outputs[i], outputs[i]);
    if (got.shape.join() !== wanted.shape.join())
      return `output ${i} has shape [${got.shape}], expected [${wanted.shape}]`;
    const wrong = firstDifference(got.values, wanted.values, offsetOf(graph, graph.outputs[i], wanted.values));
    if (wrong !== undefined) return `output ${i}, element ${wrong}`;
    const twin = Array.from(outputs[i], Number).findIndex((v, k) => !Object.is(v, Number(twins[i][k])));
    if (twin >= 0)
      return `output ${i}, element ${twin} differs from the TypeScript twin: ${outputs[i][twin]}, ${twins[i][twin]}`;
  }
  return undefined;
}

/** One sample of a data set, in the types and layout of the graph. */
export function inputsOf({ graph, batch }: Prepared, set: DataSet, sample: number): TensorData[] {
  const files = set.inputs.map(readTensor);
  return graph.inputs.map((id, i) => {
    const file = files.find((f) => f.name === graph.tensors[id].name) ?? files[i];
    return intoGraph(graph, id, batch === 1 ? file : sampleOf(file, batch, sample));
  });
}

export function sampleOf({ name, shape, values }: DataTensor, batch: number, sample: number): DataTensor {
  const size = values.length / batch;
  return { name, shape: [1, ...shape.slice(1)], values: values.slice(sample * size, (sample + 1) * size) };
}

/** uint8 of a file may be int8 here, with the zero point shifted (src/passes/shiftUnsigned.ts). */
const offsetOf = (graph: Graph, id: TensorId, file: TensorData): number =>
  file instanceof Uint8Array && graph.tensors[id].dtype === 'int8' ? 128 : 0;

/** The file's tensor in the type and layout of the graph. */
function intoGraph(graph: Graph, id: TensorId, { shape, values }: DataTensor): TensorData {
  const { dtype, name } = graph.tensors[id];
  const data = makeData(dtype, values.length) as Float32Array;
  const offset = offsetOf(graph, id, values);
  for (let i = 0; i < data.length; i++) data[i] = Number(values[i]) - offset;
  const perm = graph.ioPermutation.get(id);
  return perm ? (permuteTensor({ name, dtype, shape, data }, perm).data ?? data) : data;
}

/** The graph's tensor in the layout of the file. */
export function outOfGraph(graph: Graph, id: TensorId, data: TensorData): { shape: number[]; values: TensorData } {
  const { dtype, name, shape } = graph.tensors[id];
  const perm = graph.ioPermutation.get(id);
  if (!perm) return { shape, values: data };
  const back = permuteTensor(
    { name, dtype, shape, data },
    shape.map((_, d) => perm.indexOf(d)),
  );
  return { shape: back.shape, values: back.data ?? data };
}

export function firstDifference(got: TensorData, wanted: TensorData, offset: number): string | undefined {
  if (got.length !== wanted.length) return `count ${got.length}, expected ${wanted.length}`;
  const float = wanted instanceof Float32Array;
  for (let i = 0; i < got.length; i++) {
    const [a, b] = [Number(got[i]) + offset, Number(wanted[i])];
    if (!(float ? isClose(a, b) : a === b)) return `${i} is ${a}, expected ${b}`;
  }
  return undefined;
}

/** numpy's assert_allclose. */
function isClose(got: number, wanted: number): boolean {
  if (Number.isNaN(got) || Number.isNaN(wanted)) return Number.isNaN(got) && Number.isNaN(wanted);
  if (got === wanted) return true;
  return Math.abs(got - wanted) <= tolerance.absolute + tolerance.relative * Math.abs(wanted);
}
