// SPDX-License-Identifier: Apache-2.0
import { basename } from 'node:path';
import type { Graph } from '../../model/graph.js';
import { parseInputScale } from '../../model/samples.js';
import { writeTfliteGraph } from '../../model/tflite/writeGraph.js';
import { exportKmodel } from '../../npu/k210/compile/exportKmodel.js';
import { writeKmodel } from '../../npu/k210/writeKmodel.js';
import { quantizeModel } from '../../packModel.js';
import { grouped } from '../../report/table.js';
import { type CommandSpec, text } from '../command.js';
import { readInput, readNpyFile, writeOutput } from '../files.js';
import { choice } from '../packOptions.js';

const writers: Record<string, (graph: Graph) => Uint8Array> = {
  tflite: writeTfliteGraph,
  kmodel: (graph) => writeKmodel(exportKmodel(graph)),
};

export const exportModel: CommandSpec = {
  name: 'export',
  summary: 'write the model as mote sees it, quantized when calibrated, in the format of another tool',
  arguments: [{ name: 'model', text: '.tflite or .onnx file' }],
  options: [
    { flags: '--to <format>', text: 'tflite, or kmodel for a K210 (MaixPy, nncase v0.2)', required: true },
    { flags: '--calib <x.npy>', text: 'calibration inputs: a float model becomes int8' },
    { flags: '--input-scale <how>', text: 'numbers in --calib: auto, raw or SCALE,ZERO (real = SCALE * (x - ZERO))' },
    { flags: '-o, --output <file>', text: 'file to write', required: true },
  ],
  async run([path], options) {
    const format = choice(options, 'to', Object.keys(writers)) ?? 'tflite';
    const calib = text(options, 'calib');
    const { graph, notes } = await quantizeModel({
      bytes: await readInput(path),
      fileName: basename(path),
      ...(calib === undefined ? {} : { calibration: { array: await readNpyFile(calib), path: calib } }),
      inputScale: parseInputScale(text(options, 'inputScale') ?? 'auto'),
    });
    const bytes = writers[format](graph);
    const output = String(options.output);
    await writeOutput(output, bytes);
    const turned = [...graph.ioPermutation.keys()].map((id) => graph.tensors[id].name);
    const notesOf = [
      ...notes,
      ...(turned.length
        ? [`the file takes and gives channels last (NHWC), the model channels first: ${turned.join(', ')}`]
        : []),
    ];
    return {
      data: { file: output, bytes: bytes.length, nodes: graph.nodes.length, notes: notesOf },
      lines: [
        ...notesOf.map((n) => `note    ${n}`),
        `wrote   ${output}   ${grouped(bytes.length)} bytes   ${graph.nodes.length} nodes`,
      ],
    };
  },
};
