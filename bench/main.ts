// SPDX-License-Identifier: Apache-2.0
// npm run bench [-- --json FILE] [--only models|kernels|time] [--target ID] [--model NAME]
// Counts are instructions under QEMU's instruction counter and rp2040js, which counts cycles too: the same on every run. Times are of
// this machine, named in the first line, and say nothing about another.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { writeOutput } from '../src/cli/files.js';
import { Output } from '../src/cli/output.js';
import { grouped, table } from '../src/report/table.js';
import { benchKernels, type KernelRow } from './kernels.js';
import { benchModels, type ModelRow } from './models.js';
import { benchTimes } from './times.js';

const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });

function modelLines(rows: readonly ModelRow[]): string[] {
  const columns = [{ title: 'model' }, { title: 'board' }, { title: 'rounding' }, right('instructions'), right('per MAC'), right('cycles per MAC'), right('arena'), right('code'), right('constants')];
  return table(columns, rows.map((r) => [
    r.model, r.board, r.rounding, grouped(r.instructions), r.perMac.toFixed(2), r.cyclesPerMac?.toFixed(2) ?? '', grouped(r.arenaBytes), grouped(r.codeBytes), grouped(r.constBytes),
  ]), 120);
}

const kernelLines = (rows: readonly KernelRow[]): string[] =>
  table(
    [{ title: 'shape' }, { title: 'target' }, { title: 'rounding' }, { title: 'kernel' }, right('instructions'), right('per MAC')],
    rows.map((r) => [r.shape, r.target, r.rounding, r.kernel, grouped(r.instructions), r.perMac.toFixed(3)]),
    130,
  );

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string' }, target: { type: 'string' }, model: { type: 'string' } } });
  const out = new Output({ json: false, quiet: false });
  out.plain(`machine: ${cpus()[0]?.model.trim()} x ${cpus().length}, Node ${process.version}\n\n`);
  const wants = (part: string): boolean => values.only === undefined || values.only === part;
  const models = !wants('models') ? [] : await benchModels({ target: values.target, model: values.model }, out);
  if (models.length) out.plain(`${modelLines(models).join('\n')}\n\n`);
  const kernels = !wants('kernels') || values.model !== undefined ? [] : await benchKernels({ target: values.target });
  if (kernels.length) out.plain(`${kernelLines(kernels).join('\n')}\n\n`);
  const times = !wants('time') || values.target !== undefined || values.model !== undefined ? [] : await benchTimes();
  if (times.length) out.plain(`${table([{ title: 'what' }, right('seconds'), right('must be under')], times.map((t) => [t.what, t.seconds.toFixed(2), String(t.limit)])).join('\n')}\n`);
  if (values.json) await writeOutput(values.json, `${JSON.stringify({ schema: 'mote.bench/1', data: { models, kernels, times } }, null, 2)}\n`);
}

await main();
