// SPDX-License-Identifier: Apache-2.0
// The backend tests of ONNX (../shared/onnx-tests): what is read must compute what the test expects; what is not read
// must say so. Inputs and outputs are protobuf tensors beside each model.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MoteError } from '../cli/errors.js';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { packageRoot } from '../packageRoot.js';
import type { Graph, TensorData } from './graph.js';
import { Meter, readMessage } from './onnx/protobuf.js';
import { tensor as tensorType } from './onnx/schema.js';
import { readConstant } from './onnx/tensors.js';
import { readOnnx } from './onnx.js';

const folder = join(packageRoot, '../shared/onnx-tests');

function readTensor(path: string): TensorData {
  const proto = readMessage(readFileSync(path), tensorType, new Meter());
  return readConstant(proto, path, () => undefined).data ?? new Float32Array(0);
}

/** Why the model cannot run, or undefined. */
function obstacle(graph: Graph): string | undefined {
  const node = graph.nodes.find((n) => n.op === 'unsupported');
  if (node !== undefined) return `${String(node.attrs.operator)}: ${String(node.attrs.reason)}`;
  return undefined;
}

/** `passed`, or why not. */
function runCase(path: string): string {
  let graph: Graph;
  try {
    graph = readOnnx(readFileSync(join(path, 'model.onnx')), 'test');
  } catch (error) {
    if (!(error instanceof MoteError)) throw error;
    expect(error.exit).toBe(3);
    return `refused: ${error.message}`;
  }
  const reason = obstacle(graph);
  if (reason !== undefined) return `unsupported: ${reason}`;
  const data = join(path, 'test_data_set_0');
  const inputs = graph.inputs.map((_, i) => readTensor(join(data, `input_${i}.pb`)));
  const outputs = evaluateGraph(graph, inputs, { rounding: 'single' });
  outputs.forEach((actual, i) => {
    const wanted = readTensor(join(data, `output_${i}.pb`));
    expect(actual.length).toBe(wanted.length);
    const worst = Math.max(0, ...Array.from(actual as Float32Array, (v, k) => error(Number(v), Number(wanted[k]))));
    expect(worst, `${path} output ${i}`).toBeLessThan(1e-4);
  });
  return 'passed';
}

const error = (a: number, b: number): number => (a === b ? 0 : Math.abs(a - b) / (1 + Math.abs(b)));

describe.skipIf(!existsSync(folder))('ONNX backend tests (../shared/onnx-tests)', () => {
  for (const group of existsSync(folder) ? readdirSync(folder) : []) {
    it(`${group}: computes what is expected, or says why not`, () => {
      const results = readdirSync(join(folder, group)).map((name) => `${name} ${runCase(join(folder, group, name))}`);
      const passed = results.filter((r) => r.endsWith(' passed')).map((r) => r.split(' ')[0]);
      console.log(results.join('\n'));
    });
  }
});
