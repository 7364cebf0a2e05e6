// SPDX-License-Identifier: Apache-2.0
// npm run bench [-- --json FILE] [--only models|kernels|time|formats|compression] [--target ID] [--model NAME] [--shape TEXT]
//   [--prefer WHAT] [--check] [--update]
// Counts are instructions under QEMU's instruction counter and rp2040js (cycles too): the same on every run. Times are of
// this machine, named in the first line, and say nothing about another. --check compares the counts with
// bench/baseline.json and ends in 8 when one is worse by more than 1 %; --update writes that file, or only the rows that were
// measured where not all were.
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitCodes } from '../src/cli/errors.js';
import { writeOutput } from '../src/cli/files.js';
import { Output } from '../src/cli/output.js';
import { preferences } from '../src/ops/op.js';
import { packageRoot } from '../src/packageRoot.js';
import { grouped, right, table } from '../src/report/table.js';
import { type Allocation, benchAllocation } from './allocation.js';
import { type Baseline, baselineOf, merged, regressions } from './check.js';
import { codedLines, codedRows } from './codedStorage.js';
import { benchCompression } from './compression.js';
import { benchFormats, type FormatRow } from './formats.js';
import { benchHost, type HostRow } from './host.js';
import { benchKernels, type KernelRow } from './kernels.js';
import { benchModels, type ModelRow } from './models.js';
import type { Paired } from './paired.js';
import { peerArenaBytes, peerKernels, peerModels } from './peers.js';
import { benchPpk2 } from './ppk2.js';
import { benchTimes } from './times.js';

const baselinePath = join(packageRoot, 'bench', 'baseline.json');

function modelLines(rows: readonly ModelRow[]): string[] {
  const columns = [
    { title: 'model' },
    { title: 'board' },
    { title: 'rounding' },
    right('instructions'),
    right('per MAC'),
    right('peer'),
    right('cycles/MAC'),
    right('arena'),
    right('TFLM'),
    right('code'),
    right('constants'),
  ];
  return table(
    columns,
    rows.map((r) => [
      r.model,
      r.board,
      r.rounding,
      grouped(r.instructions),
      r.perMac.toFixed(3),
      String(peerModels[r.target]?.[r.model] ?? '–'),
      r.cyclesPerMac?.toFixed(2) ?? '–',
      grouped(r.arenaBytes),
      grouped(peerArenaBytes[r.model] ?? 0),
      grouped(r.codeBytes),
      grouped(r.constBytes),
    ]),
    120,
  );
}

const kernelLines = (rows: readonly KernelRow[]): string[] =>
  table(
    [
      { title: 'shape' },
      { title: 'target' },
      { title: 'rounding' },
      { title: 'kernel' },
      right('count'),
      right('per MAC'),
      right('peer'),
    ],
    rows.map((r) => [
      r.shape,
      r.target,
      r.rounding,
      r.kernel,
      grouped(r.instructions),
      r.perMac.toFixed(3),
      String(peerKernels[r.target]?.[r.shape] ?? '–'),
    ]),
    130,
  );

const formatLines = (rows: readonly FormatRow[]): string[] =>
  table(
    [
      { title: 'layer' },
      { title: 'target' },
      { title: 'weights' },
      { title: 'kernel' },
      right('per MAC'),
      right('of int8'),
    ],
    rows.map((r) => [r.layer, r.target, r.format, r.kernel, r.perMac.toFixed(3), r.ofInt8.toFixed(2)]),
    130,
  );

const hostLines = (rows: readonly HostRow[]): string[] =>
  table(
    [{ title: 'inferences per second here' }, right('plain C'), right('SIMD'), right('ratio')],
    rows.map((r) => [r.model, r.plain.toFixed(0), r.simd.toFixed(0), (r.simd / r.plain).toFixed(1)]),
  );

const oddsLine = ({ first, second, chance }: Paired): string =>
  `only here ${first}, only there ${second}, chance ${chance.toFixed(2)}`;

const allocationLines = ({ rows, pairs, ranks }: Allocation): string[] => [
  ...table(
    [
      { title: 'model' },
      { title: 'plan' },
      right('bytes'),
      right('of int8'),
      right('predicted dB'),
      right('calib dB'),
      right('test dB'),
      right('top-1 %'),
      right('as float %'),
    ],
    rows.map((r) => [
      r.model,
      r.plan,
      grouped(r.bytes),
      `${(100 * r.ofInt8).toFixed(1)} %`,
      r.predictedDb?.toFixed(1) ?? '',
      r.calibrationDb.toFixed(1),
      r.snrDb.toFixed(1),
      (100 * r.top1).toFixed(2),
      (100 * r.agrees).toFixed(2),
    ]),
  ),
  '',
  ...pairs.map(
    (p) => `${p.model} ${p.plan} against ${p.uniform}: right ${oddsLine(p.right)}; as float ${oddsLine(p.asFloat)}`,
  ),
  ...ranks.map(
    (r) =>
      `${r.model}: predicted loss ranks ${r.plans} random plans with Spearman ${r.spearman.toFixed(3)}, ${r.errorDb.toFixed(1)} dB off before correction`,
  ),
];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'string' },
      only: { type: 'string' },
      target: { type: 'string' },
      model: { type: 'string' },
      shape: { type: 'string' },
      prefer: { type: 'string' },
      table: { type: 'string' },
      check: { type: 'boolean' },
      update: { type: 'boolean' },
    },
  });
  const out = new Output({ json: false, quiet: false });
  out.plain(`machine: ${cpus()[0]?.model.trim()} x ${cpus().length}, Node ${process.version}\n\n`);
  const wants = (part: string): boolean => values.only === undefined || values.only === part;
  const prefer = preferences.find((p) => p === (values.prefer ?? 'balance'));
  if (!prefer) throw new Error(`--prefer is one of ${preferences.join(', ')}`);
  // Minutes, and no counts: only when asked for. --table rounding|learned|variances|masks|channels|rank|sensitivity|coded|allocation
  const compression = values.only === 'compression';
  if (compression && values.table === 'coded') out.plain(`${codedLines(await codedRows(values.model)).join('\n')}\n`);
  else if (compression && values.table !== 'allocation')
    await benchCompression({ model: values.model, table: values.table }, out);
  const models = !wants('models') ? [] : await benchModels({ target: values.target, model: values.model, prefer }, out);
  if (models.length) out.plain(`${modelLines(models).join('\n')}\n\n`);
  const kernels = !wants('kernels') || values.model !== undefined ? [] : await benchKernels(values);
  if (kernels.length) out.plain(`${kernelLines(kernels).join('\n')}\n\n`);
  if (values.only === 'formats')
    out.plain(`${formatLines(await benchFormats({ target: values.target })).join('\n')}\n\n`);
  const timed = wants('time') && values.target === undefined && values.model === undefined;
  const times = timed ? [...(await benchTimes()), await benchPpk2()] : [];
  if (times.length)
    out.plain(
      `${table(
        [{ title: 'what' }, right('seconds'), right('must be under')],
        times.map((t) => [t.what, t.seconds.toFixed(2), String(t.limit)]),
      ).join('\n')}\n\n`,
    );
  const host = timed ? await benchHost() : [];
  if (host.length) out.plain(`${hostLines(host).join('\n')}\n`);
  const allocated = compression && (values.table === undefined || values.table === 'allocation');
  const allocation = allocated ? await benchAllocation(values.model) : { rows: [], pairs: [], ranks: [] };
  if (allocation.rows.length) out.plain(`${allocationLines(allocation).join('\n')}\n`);
  if (values.json)
    await writeOutput(
      values.json,
      `${JSON.stringify({ schema: 'mote.bench/1', data: { models, kernels, times, host, allocation } }, null, 2)}\n`,
    );
  const now = baselineOf(models, kernels);
  if (values.update) {
    const partial = [values.only, values.target, values.model, values.shape].some((v) => v !== undefined);
    await writeOutput(baselinePath, `${JSON.stringify(partial ? merged(readBaseline(), now) : now, null, 2)}\n`);
  }
  if (values.check) guard(now, out);
}

const readBaseline = (): Baseline => JSON.parse(readFileSync(baselinePath, 'utf8')) as Baseline;

function guard(now: Baseline, out: Output): void {
  const worse = regressions(now, readBaseline());
  const figures = Object.keys(now.models).length + Object.keys(now.kernels).length;
  out.plain(worse.length ? `${worse.join('\n')}\n` : `${figures} rows within 1 % of the baseline\n`);
  if (worse.length) process.exitCode = exitCodes.regression;
}

await main();
