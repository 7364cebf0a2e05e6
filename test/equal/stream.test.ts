// SPDX-License-Identifier: Apache-2.0
// Streaming on random networks: the row arithmetic with the operators' TypeScript twins in place of kernels, and the
// emitted C on the host. Both must equal the network computed layer by layer. MOTE_SEED=n repeats a run.
import { afterAll, describe, expect, it } from 'vitest';
import { writeFolder } from '../../src/cli/files.js';
import { runHost } from '../../src/device/hostSamples.js';
import { emitPack } from '../../src/emit/pack.js';
import { elementCount, type Graph, type Node, type TensorData, type TensorId } from '../../src/model/graph.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { opSpec } from '../../src/ops/index.js';
import { lowerNode } from '../../src/ops/variants/choose.js';
import { bandLowering } from '../../src/plan/bandLowering.js';
import { bandNode } from '../../src/plan/bandNode.js';
import { specOf } from '../../src/plan/buffers.js';
import { layOut } from '../../src/plan/planGraph.js';
import { makeRun, makeStream, type Run, type Stream } from '../../src/plan/stream.js';
import { type Random, randomOf, runSeed } from '../kernels/random.js';
import { hostOf, PackRoom } from '../support/packs.js';
import { randomImageGraph } from '../support/randomImages.js';

const seed = runSeed();
const rounding = 'tflite';
const target = { id: 'wasm32', isa: ['ref'] };
const room = new PackRoom();
afterAll(() => room.close());

const randomBytes = (random: Random, count: number): Int8Array =>
  Int8Array.from({ length: count }, () => random.int(-128, 127));

const above = (n: number): number => Math.max(0, n);

/** The stream as the generated C computes it, on arrays of elements. */
function simulate(graph: Graph, stream: Stream, whole: Map<TensorId, TensorData>, random: Random): TensorData {
  const rowOf = (id: TensorId): number => elementCount(graph.tensors[id].shape.slice(2));
  const outputs = stream.stages.map((s) => s.node.outputs[0]);
  const output = new Int8Array(elementCount(graph.tensors[stream.output].shape));
  const windows = stream.stages.map((s, i) => randomBytes(random, s.schedule.windowRows * rowOf(outputs[i])));
  const summed: number[] = [];
  for (let band = 0; band < stream.bands; band++) {
    stream.stages.forEach((stage, i) => {
      const { delay, bands, rowsPerBand, phase, writeAt } = stage.schedule;
      const k = band - delay;
      if (!bands[k]) return;
      const inputs: (TensorData | undefined)[] = stage.node.inputs.map((id) => graph.tensors[id].data);
      stage.inputs.forEach((r, j) => {
        const from = r.producer === undefined ? whole.get(r.tensor) : windows[r.producer];
        const row = r.producer === undefined ? above(r.step * k - r.clipped) : r.readAt + above(r.clipped - r.step * k);
        const size = rowOf(r.tensor);
        inputs[r.input] = (from as Int8Array).slice(row * size, (row + bands[k].inputs[j].rows) * size);
      });
      if (stage.isMean) {
        summed.push(...(inputs[0] as Int8Array));
        return;
      }
      const at = bandNode(stage.node, graph, bands[k]);
      const [made] = opSpec(at.node.op)?.evaluate(at.node, inputs, { graph: at.graph, rounding }) ?? [];
      const isLast = i === stream.stages.length - 1;
      const row = isLast ? above(rowsPerBand * k - phase) : writeAt + above(phase - rowsPerBand * k);
      (isLast ? output : windows[i]).set(made as Int8Array, row * rowOf(outputs[i]));
    });
    stream.stages.forEach((stage, i) => {
      windows[i].copyWithin(0, stage.schedule.rowsPerBand * rowOf(outputs[i]));
    });
  }
  const last = stream.stages[stream.stages.length - 1];
  if (!last.isMean) return output;
  return specOf(last.node).evaluate(last.node, [Int8Array.from(summed)], { graph, rounding })[0];
}

/** The longest run that begins at a random node, in bands of a random height. */
function randomRun(graph: Graph, random: Random): { run: Run; first: number } | undefined {
  const { nodes } = graph;
  const first = random.int(0, nodes.length - 1);
  const rowsPerBand = random.int(1, 3);
  for (let end = nodes.length; end > first; end--) {
    const members = nodes.slice(first, end);
    const inside = new Set(members.slice(0, -1).flatMap((n) => n.outputs));
    const closed = nodes.every((n) => members.includes(n) || n.inputs.every((id) => !inside.has(id)));
    const run = closed ? makeRun(members, graph, rowsPerBand) : undefined;
    if (run) return { run, first };
  }
  return undefined;
}

interface Case {
  graph: Graph;
  run: Run;
  first: number;
  random: Random;
  input: Int8Array;
  values: Map<TensorId, TensorData>;
}

function caseOf(number: number): Case | undefined {
  const random = randomOf(number);
  const graph = randomImageGraph(random);
  const found = randomRun(graph, random);
  if (!found) return undefined;
  const input = randomBytes(random, elementCount(graph.tensors[graph.inputs[0]].shape));
  const values = new Map<TensorId, TensorData>([[graph.inputs[0], input]]);
  evaluateGraph(graph, [input], { rounding, visit: (id, data) => values.set(id, data) });
  return { graph, ...found, random, input, values };
}

const textOf = ({ graph, run }: Case): string =>
  run.members.map((n) => `${n.op} ${graph.tensors[n.inputs[0]].shape.join('x')} ${JSON.stringify(n.attrs)}`).join('\n');

const context = { rounding, target } as const;
const choice = { maxScratchBytes: Infinity };

describe(`streams equal whole layers (MOTE_SEED=${seed})`, () => {
  it('rows of 400 random networks', () => {
    let [streamed, long] = [0, 0];
    for (let i = 0; i < 400; i++) {
      const c = caseOf(seed * 1000 + i);
      if (!c) continue;
      const stream = makeStream(bandLowering(c.graph, context), c.run, choice);
      const got = simulate(c.graph, stream, c.values, c.random);
      expect([...got], `case ${i}:\n${textOf(c)}`).toEqual([...(c.values.get(stream.output) as Int8Array)]);
      streamed++;
      long += c.run.members.length > 2 ? 1 : 0;
    }
    expect(streamed).toBeGreaterThan(200);
    expect(long).toBeGreaterThan(60);
  });

  it('emitted C of 10 random networks, outputs over their inputs', async () => {
    let compared = 0;
    for (let i = 0; compared < 10 && i < 60; i++) {
      const c = caseOf(seed * 1000 + 500_000 + i);
      if (!c || c.run.members.length < 2) continue;
      const { graph, run, first, input } = c;
      const whole = (node: Node) => ({ node, call: lowerNode(specOf(node), node, { ...context, graph }) });
      const stream = makeStream(bandLowering(graph, context), run, choice);
      const plan = layOut(graph, [
        ...graph.nodes.slice(0, first).map(whole),
        { members: run.members, stream },
        ...graph.nodes.slice(first + run.members.length).map(whole),
      ]);
      const expected = c.values.get(graph.outputs[0]) as TensorData;
      const { manifest, files } = emitPack({
        graph,
        plan,
        name: `random_${i}`,
        model: { file: 'random', format: 'mote', sha256: '', quantizedBy: 'file' },
        target: 'wasm32',
        rounding,
        prefer: 'ram',
        vectors: { inputs: [[input]], outputs: [[expected]], from: 'random' },
      });
      const dir = `${room.folder}/random_${i}`;
      await writeFolder(dir, files);
      const host = await hostOf({ dir, manifest });
      const [got] = runHost(host, manifest, [input]);
      expect([...(got as Int8Array)], `case ${i}:\n${textOf(c)}`).toEqual([...(expected as Int8Array)]);
      expect(host.guardIntact()).toBe(true);
      compared++;
    }
    expect(compared).toBe(10);
  });
});
