// SPDX-License-Identifier: Apache-2.0
// The cases with float32 in and out, quantized by mote with the case's own inputs as calibration and run on the C kernels:
// signal-to-noise ratio against the expected outputs. What the quantizer refuses has no integer form and counts as `float`.

import { MoteError } from '../../src/cli/errors.js';
import { quantizeFromCalibration } from '../../src/compress/quantizeFromCalibration.js';
import { GraphRunner, type GraphRunnerOptions } from '../../src/device/graphRunner.js';
import type { Graph, TensorData } from '../../src/model/graph.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { type ActivationType, quantizeValues } from '../../src/passes/integerOperands.js';
import { type Case, type DataSet, listCases, readCase, readTensor } from './cases.js';
import { type Prepared, prepare, readProto } from './prepare.js';
import { inputsOf, openOptions, outOfGraph, sampleOf } from './run.js';
import { outOfScope } from './scope.js';

export interface QuantizedResult {
  name: string;
  /** `float`: the quantizer has no integer form of it. */
  result: 'passed' | 'failed' | 'float' | 'outOfScope';
  /** Empty where it passed. */
  reason: string;
  /** Absent where nothing was run; null is no error at all. */
  snrDb?: number | null;
}

export interface QuantizedConformance {
  passed: number;
  failed: number;
  float: number;
  outOfScope: number;
  cases: QuantizedResult[];
}

/** The floor of signal-to-noise ratio. */
export const leastDb = 20;

interface Job {
  case: Case;
  prepared: Prepared;
  integer: Graph;
}

const isFloatOnly = ({ inputs, outputs, tensors }: Graph): boolean =>
  inputs.length > 0 && [...inputs, ...outputs].every((id) => tensors[id].dtype === 'float32');

/** All or the named cases of a folder. */
export async function runQuantized(
  folder: string,
  activations: ActivationType = 'int8',
  wanted: (name: string) => boolean = () => true,
): Promise<QuantizedConformance> {
  const results: QuantizedResult[] = [];
  const jobs: Job[] = [];
  for (const name of listCases(folder).filter(wanted)) {
    const made = await quantizeCase(readCase(folder, name), activations);
    if ('integer' in made) jobs.push(made);
    else results.push({ name, ...made });
  }
  const options = await openOptions(jobs.map((j) => j.integer));
  for (const job of jobs) results.push(await runCase(job, options));
  results.sort((a, b) => (a.name < b.name ? -1 : 1));
  const count = (result: QuantizedResult['result']): number => results.filter((r) => r.result === result).length;
  return {
    passed: count('passed'),
    failed: count('failed'),
    float: count('float'),
    outOfScope: count('outOfScope'),
    cases: results,
  };
}

async function quantizeCase(c: Case, activations: ActivationType): Promise<Job | Omit<QuantizedResult, 'name'>> {
  const outside = outOfScope(readProto(c.model));
  if (outside !== undefined) return { result: 'outOfScope', reason: outside };
  const prepared = prepare(c);
  if (typeof prepared === 'string') return { result: 'outOfScope', reason: `fails in float: ${prepared}` };
  if (!isFloatOnly(prepared.graph))
    return { result: 'outOfScope', reason: 'its inputs and outputs are not all float32' };
  try {
    const samples = samplesOf(c, prepared).map(([set, sample]) => inputsOf(prepared, set, sample));
    const { graph } = await quantizeFromCalibration(prepared.graph, samples, undefined, { activations });
    return { case: c, prepared, integer: graph };
  } catch (error) {
    if (!(error instanceof MoteError)) return { result: 'failed', reason: `defect: ${String(error)}` };
    return { result: error.code === 'model.unsupported' ? 'float' : 'failed', reason: error.message };
  }
}

const samplesOf = ({ sets }: Case, { batch }: Prepared): [DataSet, number][] =>
  sets.flatMap((set) => Array.from({ length: batch }, (_, sample): [DataSet, number] => [set, sample]));

async function runCase({ case: c, prepared, integer }: Job, options: GraphRunnerOptions): Promise<QuantizedResult> {
  try {
    const runner = await GraphRunner.open(integer, options);
    const sums = { signal: 0, noise: 0 };
    for (const [set, sample] of samplesOf(c, prepared)) {
      const wrong = addErrors(runner, { ...prepared, integer }, set, sample, sums);
      if (wrong !== undefined) return { name: c.name, result: 'failed', reason: wrong };
    }
    const snrDb = sums.noise === 0 ? null : Math.round(100 * Math.log10(sums.signal / sums.noise)) / 10;
    if (snrDb === null || snrDb >= leastDb) return { name: c.name, result: 'passed', reason: '', snrDb };
    return { name: c.name, result: 'failed', reason: `${snrDb} dB`, snrDb };
  } catch (error) {
    return { name: c.name, result: 'failed', reason: `defect: ${String(error)}` };
  }
}

/** Adds one sample's squares to the sums; or what is wrong besides rounding. */
function addErrors(
  runner: GraphRunner,
  { graph, batch, integer }: Prepared & { integer: Graph },
  set: DataSet,
  sample: number,
  sums: { signal: number; noise: number },
): string | undefined {
  const inputs = inputsOf({ graph, batch }, set, sample).map((data, i) => quantizeData(integer, i, data));
  const outputs = runner.outputs(inputs);
  const twins = evaluateGraph(integer, inputs, { rounding: 'single' });
  for (const [i, bytes] of set.outputs.entries()) {
    const twin = Array.from(outputs[i], Number).findIndex((v, k) => !Object.is(v, Number(twins[i][k])));
    if (twin >= 0) return `output ${i}, element ${twin} differs from the TypeScript twin`;
    const file = readTensor(bytes);
    const wanted = batch === 1 ? file : sampleOf(file, batch, sample);
    const got = outOfGraph(graph, graph.outputs[i], dequantizeData(integer, i, outputs[i]));
    if (got.values.length !== wanted.values.length) return `output ${i} has ${got.values.length} elements`;
    for (const [k, v] of Array.from(wanted.values, Number).entries()) {
      if (!Number.isFinite(v)) return `output ${i}, element ${k} must be ${v}`;
      sums.signal += v ** 2;
      sums.noise += (v - Number(got.values[k])) ** 2;
    }
  }
  return undefined;
}

function quantizeData({ inputs, tensors }: Graph, i: number, data: TensorData): TensorData {
  const { quant, dtype } = tensors[inputs[i]];
  if (!quant) return data;
  if (dtype !== 'int8' && dtype !== 'int16') throw new Error(`input ${i} is ${dtype}`);
  return quantizeValues(data as Float32Array, quant, dtype);
}

function dequantizeData({ outputs, tensors }: Graph, i: number, data: TensorData): TensorData {
  const { quant } = tensors[outputs[i]];
  if (!quant) return data;
  return Float32Array.from(data as Int8Array, (q) => quant.scales[0] * (q - quant.zeroPoints[0]));
}

/** Whether a case in scope does not run in integers as it should. */
export const isMissing = ({ result }: QuantizedResult): boolean => result === 'failed' || result === 'float';
