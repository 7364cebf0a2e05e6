// SPDX-License-Identifier: Apache-2.0
// Inferences per second of processor time (so that other programs matter less) on this machine, plain C against SIMD, as
// an evaluation loop sees them. Reported, never asserted.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTarget } from '../src/build/boards.js';
import { openWasmCache } from '../src/build/wasmCache.js';
import { GraphRunner } from '../src/device/graphRunner.js';
import { elementCount, makeData } from '../src/model/graph.js';
import { packageRoot } from '../src/packageRoot.js';
import { importModel } from '../src/packModel.js';
import { benchedModels } from './modelFiles.js';

export interface HostRow {
  model: string;
  /** Inferences per second. */
  plain: number;
  simd: number;
}

const float = join(packageRoot, '..', 'shared', 'models', 'mlperf-tiny', 'pretrainedResnet.tflite');
const models = [...benchedModels, { name: 'ic float', file: float }];
/** V8 optimizes a kernel after some runs; the best of several windows is the least disturbed one. */
const [warmUps, windows, windowSeconds] = [30, 5, 0.1];

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function perSecond(run: () => void): number {
  for (let i = 0; i < warmUps; i++) run();
  let best = 0;
  for (let w = 0; w < windows; w++) {
    const started = processorSeconds();
    let [count, seconds] = [0, 0];
    while (seconds < windowSeconds) {
      run();
      count++;
      seconds = processorSeconds() - started;
    }
    best = Math.max(best, count / seconds);
  }
  return best;
}

export async function benchHost(): Promise<HostRow[]> {
  const target = loadTarget('wasm32');
  const cache = await openWasmCache();
  const rows: HostRow[] = [];
  for (const { name, file } of models.filter((m) => existsSync(m.file))) {
    const graph = importModel(readFileSync(file), file);
    const inputs = graph.inputs.map((id) => {
      const { dtype, shape } = graph.tensors[id];
      return makeData(dtype, elementCount(shape));
    });
    const rate = async (isa: string[]): Promise<number> => {
      const runner = await GraphRunner.open(graph, { target: { ...target, isa }, rounding: 'tflite', cache });
      return perSecond(() => runner.outputs(inputs));
    };
    rows.push({ model: name, plain: await rate(['ref']), simd: await rate(target.isa) });
  }
  return rows;
}
