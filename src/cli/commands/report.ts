// SPDX-License-Identifier: Apache-2.0
import { basename } from 'node:path';
import { runReport } from '../../report/runReport.js';
import { type CommandSpec, text } from '../command.js';
import { writeOutput } from '../files.js';
import { readRun, runPath } from '../runFiles.js';

export const report: CommandSpec = {
  name: 'report',
  summary: 'one offline HTML page of profiled runs: layers, roofline, arena, energy',
  arguments: [
    {
      name: 'runs',
      text: 'runs: numbers or names in .mote/runs, or records that mote profile wrote (default: the latest)',
      optional: true,
      variadic: true,
    },
  ],
  options: [{ flags: '-o, --output <file>', text: 'the page (default: NAME.html, of the first run)' }],
  async run(named, options) {
    const paths = await Promise.all((named.length > 0 ? named : ['latest']).map(runPath));
    const records = await Promise.all(paths.map(readRun));
    const output = text(options, 'output') ?? `${basename(paths[0], '.json')}.html`;
    const page = runReport(records);
    await writeOutput(output, page);
    return {
      data: {
        output,
        runs: records.map((r, i) => ({ file: paths[i], name: r.name, board: r.board, hash: r.hash })),
        bytes: page.length,
      },
      lines: [
        ...paths.map((path, i) => `run     ${path}   ${records[i].name} on ${records[i].board}`),
        `wrote   ${output}   ${page.length} bytes`,
      ],
    };
  },
};
