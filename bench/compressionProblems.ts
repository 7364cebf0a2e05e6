// SPDX-License-Identifier: Apache-2.0
// Models, calibration and held-out data for the compression tables.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decoded } from '../src/compress/allocate/outputs.js';
import { outputSnr } from '../src/compress/outputSnr.js';
import type { FloatRunner, MakeIntegerRunner, MakeRunner } from '../src/compress/runner.js';
import { type Graph, perTensorQuant, type TensorData } from '../src/model/graph.js';
import { type NpyArray, readNpy } from '../src/model/npy.js';
import { packageRoot } from '../src/packageRoot.js';
import { importModel } from '../src/packModel.js';
import { smoothImages, spectrograms } from '../test/support/plausible.js';

const shared = join(packageRoot, '..', 'shared');

export interface Problem {
  name: string;
  graph: Graph;
  calibration: TensorData[][];
  test: Float32Array[];
  labels?: readonly number[];
}

const model = (file: string): Graph => importModel(readFileSync(join(shared, 'models', 'mlperf-tiny', file)), file);
const array = (file: string): NpyArray => readNpy(readFileSync(join(shared, 'data', file)), file);

function rowsOf({ shape, data }: NpyArray, real: (q: number) => number = (q) => q): Float32Array[] {
  const each = data.length / shape[0];
  return Array.from({ length: shape[0] }, (_, i) =>
    Float32Array.from(data.slice(i * each, (i + 1) * each) as ArrayLike<number>, real),
  );
}

const labelsOf = (file: string): number[] => Array.from(array(file).data as ArrayLike<number>, Number);

const every = <T>(list: readonly T[], count: number): T[] =>
  Array.from({ length: Math.min(count, list.length) }, (_, i) => list[Math.floor((i * list.length) / count)]);

/** As `pack` takes them. */
const calibrationSamples = 128;

const problems: Record<string, (samples: number) => Problem> = {
  ic: (samples) => ({
    name: 'IC',
    graph: model('pretrainedResnet.tflite'),
    calibration: every(rowsOf(array('cifar10/calib_x.npy')), samples).map((x) => [x]),
    test: rowsOf(array('cifar10/test_x.npy')),
    labels: labelsOf('cifar10/test_y.npy'),
  }),
  // The file's samples are the int8 model's inputs; of each five, one calibrates and four judge.
  kws: () => {
    const int8 = model('kws_ref_model.tflite');
    const { scale, zeroPoint } = perTensorQuant(int8.tensors[int8.inputs[0]]);
    const all = rowsOf(array('kws/test_x.npy'), (q) => scale * (q - zeroPoint));
    const judges = (_: unknown, i: number): boolean => i % 5 !== 0;
    return {
      name: 'KWS',
      graph: model('kws_float.tflite'),
      calibration: all.filter((_, i) => i % 5 === 0).map((x) => [x]),
      test: all.filter(judges),
      labels: labelsOf('kws/test_y.npy').filter(judges),
    };
  },
  vww: () => ({
    name: 'VWW',
    graph: model('vww_96_float.tflite'),
    calibration: rowsOf(smoothImages(1, 64, 96, 96, 3)).map((x) => [x]),
    test: rowsOf(smoothImages(2, 100, 96, 96, 3)),
  }),
  ad: () => ({
    name: 'AD',
    graph: model('ad01_fp32.tflite'),
    calibration: rowsOf(spectrograms(1, calibrationSamples)).map((x) => [x]),
    test: rowsOf(spectrograms(2, 200)),
  }),
};

export const problemNames = Object.keys(problems);
export const loadProblem = (name: string, samples = calibrationSamples): Problem => problems[name](samples);

export interface Judgement {
  /** In percent; undefined without labels. */
  top1?: number;
  snrDb: number;
}

function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

export interface Judge {
  float: number | undefined;
  judge(graph: Graph, floatGraph?: Graph): Promise<Judgement>;
}

const quantizedTo = (graph: Graph, x: Float32Array): Int8Array => {
  const { scale, zeroPoint } = perTensorQuant(graph.tensors[graph.inputs[0]]);
  return Int8Array.from(x, (v) => Math.min(127, Math.max(-128, Math.round(v / scale) + zeroPoint)));
};

/** Judges packed graphs on all of a problem's held-out samples. */
export async function openJudge(
  p: Problem,
  runners: { float: MakeRunner; integer: MakeIntegerRunner },
): Promise<Judge> {
  const runner: FloatRunner = await runners.float(p.graph);
  const [output] = p.graph.outputs;
  const share = (answers: readonly number[]): number | undefined =>
    p.labels && (100 * answers.filter((a, i) => a === p.labels?.[i]).length) / answers.length;
  const floats = p.test.map((x) => {
    let answer = -1;
    runner.run([x], (id, data) => {
      if (id === output) answer = argmax(data);
    });
    return answer;
  });
  return {
    float: share(floats),
    async judge(packed) {
      const graph = decoded(packed);
      const integer = await runners.integer(graph);
      const answers = p.test.map((x) => {
        let answer = -1;
        integer.run([quantizedTo(graph, x)], (id, data) => {
          if (id === graph.outputs[0]) answer = argmax(data as Int8Array);
        });
        return answer;
      });
      const samples = p.test.map((x) => [x]);
      const top1 = share(answers);
      return {
        ...(top1 === undefined ? {} : { top1 }),
        snrDb: outputSnr({ graph: p.graph, runner }, { graph, runner: integer }, samples),
      };
    },
  };
}
