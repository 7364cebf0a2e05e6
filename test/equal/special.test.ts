// SPDX-License-Identifier: Apache-2.0
// Infinities and NaN among a model's constants, as the masks of attention hold them: the packed C gives the bits of the
// TypeScript twin.
import { afterAll, describe, expect, it } from 'vitest';
import { readModel } from '../../src/model/readModel.js';
import { bytesOf } from '../../src/model/tensorData.js';
import { f32, model, node } from '../../src/model/testing/onnxCases.js';
import { type TestGraph, writeOnnx } from '../../src/model/testing/onnxWriter.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { canonicalize } from '../../src/passes/index.js';
import { hostOf, PackRoom } from '../support/packs.js';

const room = new PackRoom();
afterAll(() => room.close());

const cases: Record<string, TestGraph> = {
  'masked-softmax': model(
    [1, 4],
    [node('Add', ['x', 'mask'], {}, ['m']), node('Softmax', ['m'])],
    [f32('mask', [1, 4], [0, -Infinity, 0, -Infinity])],
  ),
  chosen: model(
    [1, 4],
    [node('Less', ['x', 'limits'], {}, ['c']), node('Where', ['c', 'x', 'other'])],
    [f32('limits', [1, 4], [Infinity, 0, -1, -Infinity]), f32('other', [1, 4], [0, Number.NaN, Infinity, -Infinity])],
  ),
};

describe('constants that are no finite numbers', () => {
  it.each(Object.entries(cases))('%s', async (name, graph) => {
    const bytes = writeOnnx(graph);
    const pack = await room.packBytes(bytes, `${name}.onnx`, { target: 'cortex-m4' });
    const x = Float32Array.of(0.5, 1, -0.25, 2);
    const [expected] = evaluateGraph(canonicalize(readModel(bytes, name)), [x], { rounding: 'single' });
    const host = await hostOf(pack);
    const [input, output] = [pack.manifest.inputs[0], pack.manifest.outputs[0]];
    host.write(input.offset, bytesOf(x));
    host.run();
    expect(Array.from(host.read(output.offset, output.bytes))).toEqual(Array.from(bytesOf(expected)));
  });
});
