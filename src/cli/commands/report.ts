// SPDX-License-Identifier: Apache-2.0
import { runReport } from '../../report/runReport.js';
import { type CommandSpec, text } from '../command.js';
import { writeOutput } from '../files.js';
import { readRun } from './compare.js';

export const report: CommandSpec = {
  name: 'report',
  summary: 'one offline HTML page of profiled runs: layers, roofline, arena, energy',
  arguments: [{ name: 'runs', text: 'run records that mote profile wrote', variadic: true }],
  options: [{ flags: '-o, --output <file>', text: 'the page', required: true }],
  async run(paths, options) {
    const records = await Promise.all(paths.map(readRun));
    const output = text(options, 'output') as string;
    const page = runReport(records);
    await writeOutput(output, page);
    return {
      data: { output, runs: records.map((r) => ({ name: r.name, board: r.board, hash: r.hash })), bytes: page.length },
      lines: [`wrote   ${output}   ${records.length} run${records.length === 1 ? '' : 's'}, ${page.length} bytes`],
    };
  },
};
