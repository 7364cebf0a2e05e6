// SPDX-License-Identifier: Apache-2.0
import { basename } from 'node:path';
import { loadTarget } from '../../build/boards.js';
import { type CostTable, targetTable, withTable } from '../../costs/boardCosts.js';
import { type Prediction, predictPack } from '../../costs/predict.js';
import { layersOf } from '../../emit/pack.js';
import type { PackManifest } from '../../generated/pack.js';
import { type Graph, type Node, tensorBytes } from '../../model/graph.js';
import { opSpec } from '../../ops/index.js';
import { importModel } from '../../packModel.js';
import type { Plan } from '../../plan/plan.js';
import { planGraph } from '../../plan/planGraph.js';
import { predictionData, predictionLines, predictionTable } from '../../report/prediction.js';
import { grouped, table } from '../../report/table.js';
import { findObstacles, type Obstacle } from '../../support.js';
import { type CommandSpec, text } from '../command.js';
import { boardCosts, costOptions } from '../costOptions.js';
import { readInput } from '../files.js';
import { npuData, npuLines, npuPlaces } from '../npuPlaces.js';
import { npuOption, targetOption } from '../packOptions.js';

interface LayerRow {
  name: string;
  op: string;
  inputShape: number[];
  outputShape: number[];
  dtype: string;
  macs: number;
  parameterBytes: number;
  supported: boolean;
}

function rowOf(graph: Graph, node: Node, obstacles: Obstacle[]): LayerRow {
  const constants = node.inputs.filter((id) => id >= 0 && graph.tensors[id].data);
  const activation = node.inputs.find((id) => id >= 0 && !graph.tensors[id].data);
  const supported = !obstacles.some((o) => o.node === node.name);
  const output = graph.tensors[node.outputs[0]];
  return {
    name: node.name,
    op: node.op === 'unsupported' ? String(node.attrs.operator) : node.op,
    inputShape: activation === undefined ? [] : graph.tensors[activation].shape,
    outputShape: output?.shape ?? [],
    dtype: output?.dtype ?? '',
    macs: supported ? (opSpec(node.op)?.macs(node, graph) ?? 0) : 0,
    parameterBytes: constants.reduce((sum, id) => sum + tensorBytes(graph.tensors[id]), 0),
    supported,
  };
}

/** What the plan's layers will take; a session of this very pack is not looked for, since nothing is emitted. */
function predictPlan(
  graph: Graph,
  plan: Plan,
  costs: CostTable,
): { layers: PackManifest['layers']; prediction: Prediction; costs: CostTable } {
  const layers = layersOf(graph, plan, 'model');
  return { layers, prediction: predictPack({ layers, hash: '' }, costs), costs };
}

const shape = (s: number[]): string => s.join('x') || '–';

export const inspect: CommandSpec = {
  name: 'inspect',
  summary: 'layers, shapes, MACs and bytes of a model, and what cannot run on a target and why',
  arguments: [{ name: 'model', text: '.tflite or .onnx file' }],
  options: [
    { flags: '--target <id>', text: 'judge for this target (default: all), and predict instructions' },
    { flags: '--board <id>', text: 'the same for the CPU of this board, and what it will take, layer by layer' },
    {
      flags: '--npu-compiler <name>',
      text: 'who estimates what the NPU of the target takes, as for pack: vela (default, where installed) or builtin',
    },
    ...costOptions,
  ],
  async run([path], options, out) {
    const forAll = text(options, 'target') === undefined && text(options, 'board') === undefined;
    const { target, board } = forAll ? {} : targetOption(options, 'inspect');
    const { found, warnings } = await boardCosts(options, board, 'inspect');
    const graph = importModel(await readInput(path), basename(path));
    const obstacles = findObstacles(graph);
    const layers = graph.nodes.map((n) => rowOf(graph, n, obstacles));
    const npu =
      target && !obstacles.length ? await npuPlaces(graph, target, npuOption(options, target, 'inspect')) : undefined;
    const plan = obstacles.length
      ? undefined
      : planGraph(npu?.graph ?? graph, {
          rounding: 'tflite',
          target: withTable(target ?? loadTarget('wasm32'), found?.table),
        });
    const arenaBytes = plan?.arenaBytes ?? null;
    const predicted =
      plan && target ? predictPlan(npu?.graph ?? graph, plan, found?.table ?? targetTable(target)) : undefined;
    const counts = new Map(
      predicted?.layers.flatMap((l, i): [string, number][] => {
        const count = predicted.prediction.layers[i]?.count;
        return l.node === undefined || count === undefined ? [] : [[l.node, count]];
      }),
    );
    const macs = layers.reduce((sum, l) => sum + l.macs, 0);
    const parameterBytes = layers.reduce((sum, l) => sum + l.parameterBytes, 0);
    const ports = (ids: number[]): object[] =>
      ids.map((id) => ({
        name: graph.tensors[id].name,
        dtype: graph.tensors[id].dtype,
        shape: graph.tensors[id].shape,
      }));
    const rows = layers.map((l, i) => [
      String(i),
      l.supported ? l.name : `! ${l.name}`,
      l.op,
      `${shape(l.inputShape)} > ${shape(l.outputShape)}`,
      l.dtype,
      grouped(l.macs),
      grouped(l.parameterBytes),
    ]);
    const head = [
      `model   ${basename(path)}   ${graph.source.format}   ${graph.source.quantized ? 'quantized' : 'float'}   ${grouped(macs)} MAC   ${grouped(parameterBytes)} parameter bytes`,
      ...graph.inputs.map(
        (id) => `input   ${graph.tensors[id].name}   ${graph.tensors[id].dtype} ${shape(graph.tensors[id].shape)}`,
      ),
      ...graph.outputs.map(
        (id) => `output  ${graph.tensors[id].name}   ${graph.tensors[id].dtype} ${shape(graph.tensors[id].shape)}`,
      ),
      '',
    ];
    const columns = [
      { title: '#', align: 'right' as const },
      { title: 'layer' },
      { title: 'op' },
      { title: 'shape' },
      { title: 'type' },
      { title: 'MAC', align: 'right' as const },
      { title: 'bytes', align: 'right' as const },
    ];
    const verdict = obstacles.length
      ? obstacles.flatMap((o) => [`cannot run  ${o.node} (${o.operator}): ${o.reason}`, `    change  ${o.change}`])
      : [
          `arena   ${grouped(arenaBytes ?? 0)} bytes`,
          `runs    all ${layers.length} layers${target ? ` on ${board?.id ?? target.id}` : ''}`,
        ];
    return {
      data: {
        file: basename(path),
        format: graph.source.format,
        quantized: graph.source.quantized,
        inputs: ports(graph.inputs),
        outputs: ports(graph.outputs),
        macs,
        parameterBytes,
        arenaBytes,
        layers,
        unsupported: obstacles,
        target: target?.id ?? null,
        board: board?.id ?? null,
        ...(npu ? { npu: npuData(npu, counts) } : {}),
        predicted: predicted ? predictionData(predicted.prediction, found?.path) : null,
      },
      warnings,
      lines: [
        ...head,
        ...table(columns, rows, out.width),
        '',
        ...(npu ? [...npuLines(npu, counts, out.width), ''] : []),
        ...(predicted && !npu
          ? [...predictionTable(predicted.layers, predicted.prediction, board?.clockHz, out.width), '']
          : []),
        ...(graph.notes ?? []).map((n) => `note    ${n}`),
        ...verdict,
        // What the NPU runs has its cycles above.
        ...(predicted && (predicted.prediction.whole || !npu)
          ? predictionLines(predicted.prediction, predicted.costs, found?.path, board?.clockHz)
          : []),
      ],
    };
  },
};
