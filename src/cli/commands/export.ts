// SPDX-License-Identifier: Apache-2.0
import { basename } from 'node:path';
import { parseInputScale } from '../../model/samples.js';
import { writeTfliteGraph } from '../../model/tflite/writeGraph.js';
import { quantizeModel } from '../../packModel.js';
import { grouped } from '../../report/table.js';
import { type CommandSpec, text } from '../command.js';
import { readInput, readNpyFile, writeOutput } from '../files.js';
import { choice } from '../packOptions.js';

export const exportModel: CommandSpec = {
  name: 'export',
  summary: 'write the model as mote sees it, quantized when calibrated, in the format of another tool',
  arguments: [{ name: 'model', text: '.tflite or .onnx file' }],
  options: [
    { flags: '--to <format>', text: 'tflite', required: true },
    { flags: '--calib <x.npy>', text: 'calibration inputs: a float model becomes int8' },
    { flags: '--input-scale <how>', text: 'numbers in --calib: auto, raw or SCALE,ZERO (real = SCALE * (x - ZERO))' },
    { flags: '-o, --output <file>', text: 'file to write', required: true },
  ],
  async run([path], options) {
    choice(options, 'to', ['tflite']);
    const calib = text(options, 'calib');
    const { graph, notes } = await quantizeModel({
      bytes: await readInput(path),
      fileName: basename(path),
      ...(calib === undefined ? {} : { calibration: { array: await readNpyFile(calib), path: calib } }),
      inputScale: parseInputScale(text(options, 'inputScale') ?? 'auto'),
    });
    const bytes = writeTfliteGraph(graph);
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
