// SPDX-License-Identifier: Apache-2.0
// LSTM and SVDF against TensorFlow Lite Micro's outputs for 50 inputs (test/oracle/record_recurrent.py): state goes on
// within each ten, a reset comes before each. Integers bit by bit; floats within what another exp and another order of
// sums leave.
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { runHost } from '../../src/device/hostSamples.js';
import type { PackPort } from '../../src/generated/pack.js';
import type { DType, TensorData } from '../../src/model/graph.js';
import { resetStates } from '../../src/model/state.js';
import { dataFromBytes } from '../../src/model/tensorData.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { importModel } from '../../src/packModel.js';
import { hostOf, PackRoom } from '../support/packs.js';
import { type RecurrentModel, recurrentInputs, recurrentModels, sequenceLength } from '../support/recurrentModels.js';
import { hasShared, sharedFile } from '../support/shared.js';

const room = new PackRoom();
afterAll(() => room.close());

interface Golden {
  models: Record<string, { count: number; distinct: number; outputs: string }>;
}
const golden = JSON.parse(readFileSync(new URL('../oracle/goldens/recurrent.json', import.meta.url), 'utf8')) as Golden;

/** The recorded outputs, one after the other. */
function recorded(name: string, dtype: DType): TensorData {
  return dataFromBytes(dtype, new Uint8Array(Buffer.from(golden.models[name].outputs, 'base64')));
}

function concat(parts: readonly TensorData[]): number[] {
  return parts.flatMap((p) => Array.from(p as Float32Array, Number));
}

function expectClose(got: readonly number[], wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length);
  const worst = Math.max(...got.map((g, i) => Math.abs(g - wanted[i])));
  expect(worst).toBeLessThan(2e-6 * Math.max(1, ...wanted.map(Math.abs)));
}

async function check(model: RecurrentModel): Promise<void> {
  const bytes = model.bytes?.() ?? sharedFile(model.file as string);
  const pack = await room.packBytes(bytes, `${model.name}.tflite`, { target: 'wasm32', name: model.name });
  const host = await hostOf(pack);
  const inputs = recurrentInputs(model);
  const { dtype } = pack.manifest.outputs[0];
  // Of what layers give, not of the int16 state beside it.
  if (dtype === 'int8') expect(pack.manifest.arithmetic).toBe('int8');
  const outputs = inputs.map((x, k) => {
    if (k % sequenceLength === 0) host.reset();
    return runHost(host, pack.manifest, [x])[0];
  });
  const wanted = Array.from(recorded(model.name, dtype as DType) as Int8Array, Number);
  if (dtype === 'float32') expectClose(concat(outputs), wanted);
  else expect(concat(outputs)).toEqual(wanted);
  expect(host.guardIntact()).toBe(true);
  if (!model.comparesState) {
    expect(golden.models[model.name].distinct).toBeGreaterThan(40);
    return;
  }
  const state = pack.manifest.states?.[0] as PackPort;
  const ends = inputs.flatMap((x, k) => {
    if (k % sequenceLength === 0) host.reset();
    runHost(host, pack.manifest, [x]);
    return k % sequenceLength === sequenceLength - 1 ? [host.read(state.offset, state.bytes)] : [];
  });
  const name = `${model.name}_state`;
  expect(concat(ends.map((bytes) => dataFromBytes('int8', bytes)))).toEqual(concat([recorded(name, 'int8')]));
  expect(golden.models[name].distinct).toBe(inputs.length / sequenceLength);
}

const [shared, written] = [recurrentModels.filter((m) => m.file), recurrentModels.filter((m) => !m.file)];

describe.skipIf(!hasShared)('recurrent models of ../shared equal TensorFlow Lite Micro on 50 inputs', () => {
  it.each(shared)('$name', check);
});

describe('small recurrent models equal TensorFlow Lite Micro on 50 inputs', () => {
  it.each(written)('$name', check);

  it('and so do their TypeScript twins, with state that goes on', () => {
    const model = written.find((m) => m.name === 'lstm_s8') as RecurrentModel;
    const graph = importModel((model.bytes as () => Uint8Array)(), 'lstm.tflite');
    let state = resetStates(graph);
    const outputs = recurrentInputs(model).map((x, k) => {
      if (k % sequenceLength === 0) state = resetStates(graph);
      return evaluateGraph(graph, [x], { rounding: 'tflite', state })[0];
    });
    expect(concat(outputs)).toEqual(Array.from(recorded('lstm_s8', 'int8') as Int8Array, Number));
  });
});
