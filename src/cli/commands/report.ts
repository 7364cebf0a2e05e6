// SPDX-License-Identifier: Apache-2.0
import { basename } from 'node:path';
import { openEvaluator } from '../../evaluator.js';
import type { RunRecord } from '../../generated/run.js';
import { openHostPack, openPack } from '../../packFolder.js';
import { packTrust } from '../../packTrust.js';
import type { Section } from '../../report/html.js';
import { runReport } from '../../report/runReport.js';
import { trustSections } from '../../report/trustReport.js';
import type { Trust } from '../../trust.js';
import { type CommandSpec, type OptionValues, text } from '../command.js';
import { fail } from '../errors.js';
import { readNpyFile, writeOutput } from '../files.js';
import { readLabels } from '../labels.js';
import { readRun, runPath } from '../runFiles.js';
import { inputScaleOption, readSamples } from '../sampleInput.js';

const wrongUse = (what: string): never => fail('usage.bad', { what, command: 'report' });

/** Float against packed for the first run of the pack, as `mote eval` has it. */
async function trustPart(
  records: readonly RunRecord[],
  options: OptionValues,
): Promise<{ trust?: Trust; sections: Map<number, Section[]> }> {
  const [dir, path, labelPath] = [text(options, 'pack'), text(options, 'data'), text(options, 'labels')];
  if (dir === undefined && path === undefined && labelPath === undefined) return { sections: new Map() };
  if (dir === undefined || path === undefined)
    return wrongUse('float against packed takes --pack and --data, and --labels where there are some');
  const folder = await openPack(dir);
  // A record keeps the first digits of the hash.
  const run = records.findIndex((r) => folder.manifest.hash.startsWith(r.hash));
  if (run < 0) return wrongUse(`none of the runs is of the pack in ${dir}`);
  const { manifest } = await openHostPack(folder);
  const samples = await readSamples(manifest, path, text(options, 'inputScale'));
  const classes = manifest.outputs[0].shape.reduce((a, b) => a * b, 1);
  const labels = labelPath === undefined ? undefined : await readLabels(labelPath, samples.data.length, classes);
  const evaluator = await openEvaluator(
    folder,
    samples.data.map((s) => [s]),
  );
  const against = await packTrust({ folder, evaluator, array: await readNpyFile(path), path, samples, labels });
  if (!against) return wrongUse('this pack has no float model to compare with');
  return { trust: against.trust, sections: new Map([[run, trustSections(against)]]) };
}

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
  options: [
    { flags: '--pack <dir>', text: 'with --data: float against packed too, for the run of this pack' },
    { flags: '--data <x.npy>', text: 'inputs to compare float and packed on' },
    { flags: '--labels <y.npy>', text: 'their class numbers; without them, agreement with the float model' },
    inputScaleOption,
    { flags: '-o, --output <file>', text: 'the page (default: NAME.html, of the first run)' },
  ],
  async run(named, options) {
    const paths = await Promise.all((named.length > 0 ? named : ['latest']).map(runPath));
    const records = await Promise.all(paths.map(readRun));
    const output = text(options, 'output') ?? `${basename(paths[0], '.json')}.html`;
    const { trust, sections } = await trustPart(records, options);
    const page = runReport(records, sections);
    await writeOutput(output, page);
    return {
      data: {
        output,
        runs: records.map((r, i) => ({ file: paths[i], name: r.name, board: r.board, hash: r.hash })),
        bytes: page.length,
        trust: trust ?? null,
      },
      lines: [
        ...paths.map((path, i) => `run     ${path}   ${records[i].name} on ${records[i].board}`),
        `wrote   ${output}   ${page.length} bytes`,
      ],
    };
  },
};
