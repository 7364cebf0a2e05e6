// SPDX-License-Identifier: Apache-2.0
// Classical models (trees, linear, SVM, what prepares their features) equal ONNX Runtime, and the kernels the TypeScript twins.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { loadTarget } from '../../src/build/boards.js';
import { MoteError } from '../../src/cli/errors.js';
import { writeOnnx } from '../../src/model/testing/onnxWriter.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { importModel, requireSupported } from '../../src/packModel.js';
import { planGraph } from '../../src/plan/planGraph.js';
import { randomOf, runSeed } from '../kernels/random.js';
import * as models from '../support/classicalModels.js';

const seed = runSeed();
const modelsOfEach = Number(process.env.MOTE_FUZZ_CLASSICAL ?? 40);
const inputsOfEach = 6;

const makers = Object.entries(models) as [string, (r: ReturnType<typeof randomOf>) => models.ClassicalModel][];

it.each(makers)(`%s equals ONNX Runtime (MOTE_SEED=${seed})`, async (name, make) => {
  for (let k = 0; k < modelsOfEach; k++) {
    const random = randomOf(seed * 1000 + k);
    const { graph: source, features } = make(random);
    const bytes = writeOnnx(source);
    const graph = importModel(bytes, 'classical.onnx');
    requireSupported(graph);
    planGraph(graph, { rounding: 'single', target: loadTarget('cortex-m4') });
    const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
    for (let i = 0; i < inputsOfEach; i++) {
      const odd = random.chance(0.2) ? [Number.NaN, 0, 0.5] : [];
      const x = Float32Array.from({ length: features }, () =>
        odd.length > 0 && takesNan(name) ? random.pick(odd) : random.pick([random.real(-1.2, 1.2), random.int(-1, 1)]),
      );
      const wanted = await session.run({ x: new Tensor('float32', x, [1, features]) });
      const got = evaluateGraph(graph, [x], { rounding: 'single' });
      source.outputs.forEach((output, o) => {
        const { labels } = graph.tensors[graph.outputs[o]];
        if (output.type === 'string') {
          const names = Array.from(got[o] as Int32Array, (v) => labels?.[v]);
          expect([name, k, x, names]).toEqual([name, k, x, wanted[output.name].data]);
          return;
        }
        const values = Array.from(wanted[output.name].data as Float32Array, Number);
        const text = `${name} ${k}.${i} ${output.name} x ${x} ${JSON.stringify(source.nodes[0].attributes?.post_transform ?? '')}`;
        expect([text, got[o].length]).toEqual([text, values.length]);
        const far = values.findIndex((v, e) => !(Math.abs(v - Number(got[o][e])) <= 1e-4 * (1 + Math.abs(v))));
        expect([text, far < 0 ? '' : `${values} but ${Array.from(got[o] as Float32Array)}`]).toEqual([text, '']);
      });
    }
    await session.release();
  }
});

/** Trees say where NaN goes; of the others nothing but NaN could come. */
const takesNan = (name: string): boolean => name.startsWith('tree');

it.each(makers)(`damaged %s is read or refused with a sentence (MOTE_SEED=${seed})`, (_, make) => {
  let refused = 0;
  for (let k = 0; k < 4 * modelsOfEach; k++) {
    const random = randomOf(seed * 1000 + k);
    const bytes = writeOnnx(make(random).graph);
    for (let i = random.int(1, 3); i > 0; i--) bytes[random.int(0, bytes.length - 1)] ^= 1 << random.int(0, 7);
    try {
      const graph = importModel(bytes, 'damaged.onnx');
      requireSupported(graph);
      evaluateGraph(graph, [new Float32Array(graph.tensors[graph.inputs[0]].shape.reduce((a, b) => a * b, 1))], {
        rounding: 'single',
      });
    } catch (error) {
      expect(error).toBeInstanceOf(MoteError);
      const { exit, message } = error as MoteError;
      expect([exit, message]).toEqual([3, expect.stringMatching(/^[^\n]{10,}$/)]);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(modelsOfEach / 4);
});
