// SPDX-License-Identifier: Apache-2.0
import type { RunRecord } from '../../generated/run.js';
import { grouped, right, table } from '../../report/table.js';
import { type CommandSpec, text } from '../command.js';
import { fail, MoteError } from '../errors.js';
import { predictedLine } from '../profileLines.js';
import { readRun } from '../runFiles.js';

/** `3` or `3%`. */
function percentOption(options: Parameters<CommandSpec['run']>[1], key: string, option: string): number | undefined {
  const given = text(options, key);
  if (given === undefined) return undefined;
  const value = Number(given.replace(/%$/, ''));
  return Number.isFinite(value) && value >= 0
    ? value
    : fail('usage.option', { option, expected: 'a percentage such as 3%', got: given });
}

interface Change {
  measure: string;
  before: number;
  after: number;
  /** Growth in percent; null where there was nothing before. */
  percent: number | null;
}

const change = (measure: string, before: number, after: number): Change => ({
  measure,
  before,
  after,
  percent: before > 0 ? 100 * (after / before - 1) : null,
});

/** Layers are matched by name; one that only one run has stands against nothing. */
function layerChanges(a: RunRecord, b: RunRecord): Change[] {
  const before = new Map(a.layers.map((l) => [l.name, l.count.median]));
  const after = new Map(b.layers.map((l) => [l.name, l.count.median]));
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.map((name) => change(name, before.get(name) ?? 0, after.get(name) ?? 0));
}

function changesOf(a: RunRecord, b: RunRecord): Change[] {
  const { unit, source } = b.counter;
  const list = [
    change(`${unit} per inference (${source})`, a.whole.median, b.whole.median),
    change('arena bytes', a.arenaBytes, b.arenaBytes),
    change('constant bytes', a.weightBytes, b.weightBytes),
  ];
  if (a.energy && b.energy)
    list.push(change(`nanojoule per inference (${b.energy.source})`, nano(a.energy), nano(b.energy)));
  return list;
}

const nano = (energy: NonNullable<RunRecord['energy']>) => energy.perInference.median * 1e9;

const rowOf = ({ measure, before, after, percent }: Change): string[] => [
  measure,
  grouped(before),
  grouped(after),
  percent === null ? '–' : `${percent > 0 ? '+' : ''}${percent.toFixed(1)}%`,
];

/** The worst of time and energy beyond the limit. */
function overLimit(changes: readonly Change[], limit: number): MoteError | undefined {
  const worst = changes
    .filter((c) => c.percent !== null && c.percent > limit)
    .sort((x, y) => (y.percent ?? 0) - (x.percent ?? 0))[0];
  if (!worst) return undefined;
  return new MoteError('compare.over', {
    measure: worst.measure,
    percent: (worst.percent ?? 0).toFixed(1),
    limit: `${limit}%`,
    before: grouped(worst.before),
    after: grouped(worst.after),
  });
}

export const compare: CommandSpec = {
  name: 'compare',
  summary: 'two profiled runs side by side, layer by layer; fails beyond a limit',
  arguments: [
    { name: 'before', text: 'run: number or name in .mote/runs, latest, or a record that mote profile wrote' },
    { name: 'after', text: 'another one' },
  ],
  options: [{ flags: '--fail-over <percent>', text: 'exit 8 when counts, memory or energy grew by more than this' }],
  async run([before, after], options, out) {
    const limit = percentOption(options, 'failOver', 'fail-over');
    const [a, b] = [await readRun(before), await readRun(after)];
    if (a.counter.unit !== b.counter.unit || a.counter.source !== b.counter.source)
      fail('usage.bad', {
        what: `${before} has ${a.counter.source} ${a.counter.unit}, ${after} has ${b.counter.source} ${b.counter.unit}: they cannot be compared`,
        command: 'compare',
      });
    const changes = changesOf(a, b);
    const layers = layerChanges(a, b);
    const columns = [{ title: '' }, right('before'), right('after'), right('change')];
    return {
      data: {
        before: { name: a.name, board: a.board, hash: a.hash, predicted: a.predicted ?? null },
        after: { name: b.name, board: b.board, hash: b.hash, predicted: b.predicted ?? null },
        changes,
        layers,
      },
      lines: [
        `before  ${a.name} ${a.hash} on ${a.board}`,
        `after   ${b.name} ${b.hash} on ${b.board}`,
        '',
        ...table(columns, layers.map(rowOf), out.width),
        '',
        ...table(columns, changes.map(rowOf), out.width),
        ...predictedLine(a).map((line) => `before  ${line}`),
        ...predictedLine(b).map((line) => `after   ${line}`),
      ],
      error: limit === undefined ? undefined : overLimit(changes, limit),
    };
  },
};
