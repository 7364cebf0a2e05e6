// SPDX-License-Identifier: Apache-2.0
// What the report of one packed and run model says.
import type { BuildReport } from '../build/firmware.js';
import type { ClassScore } from '../cli/commands/eval.js';
import type { RunReport } from '../device/runInputs.js';
import type { Board } from '../generated/board.js';
import type { PackManifest } from '../generated/pack.js';
import type { PackTrust } from '../packTrust.js';
import type { Plan } from '../plan/plan.js';
import { cards, htmlPage, htmlTable, type Section } from './html.js';
import { arenaChart, barChart } from './svg.js';
import { grouped, kib, median, percent } from './table.js';
import { trustSections } from './trustReport.js';

export interface ModelReport {
  manifest: PackManifest;
  plan: Plan;
  board: Board;
  build: BuildReport;
  run: RunReport;
  evaluation: { accuracy: number; count: number; perClass: ClassScore[] };
  /** Float against packed, where mote quantized the model. */
  against?: PackTrust;
}

function layerSections(report: ModelReport): Section[] {
  const { manifest, run } = report;
  const { perLayer, unit, source } = run.timing;
  const sum = perLayer.reduce((a, b) => a + b, 0) || 1;
  const bars = manifest.layers.map((l) => ({
    label: `${l.index} ${l.name}`,
    value: perLayer[l.index] ?? 0,
    text: `${grouped(perLayer[l.index] ?? 0)}  ${percent(perLayer[l.index] ?? 0, sum)}`,
  }));
  const rows = manifest.layers.map((l) => [
    String(l.index),
    l.name,
    l.op,
    l.outputs[0]?.shape.join('x') ?? '',
    l.outputs[0]?.dtype ?? '',
    grouped(l.weightBytes),
    grouped(l.macs),
    grouped(perLayer[l.index] ?? 0),
    l.macs ? ((perLayer[l.index] ?? 0) / l.macs).toFixed(2) : '–',
    l.kernel,
  ]);
  const head = [
    '#',
    'layer',
    'op',
    'output',
    'type',
    'weight bytes',
    'MAC',
    `${unit} (${source})`,
    'per MAC',
    'kernel',
  ];
  return [
    {
      title: `${unit === 'cycles' ? 'Cycles' : 'Instructions'} per layer`,
      note: `Source: ${source}. An emulator's counts are no latency of a board.`,
      html: barChart(`${unit} per layer`, bars),
    },
    { title: 'Layers', html: htmlTable(head, rows, [1, 2, 3, 4, 9]) },
  ];
}

function accuracySections({ evaluation, against }: ModelReport): Section[] {
  if (against) return trustSections(against);
  const rows = evaluation.perClass.map((c) => [
    String(c.class),
    String(c.count),
    String(c.correct),
    c.accuracy === null ? '–' : percent(c.accuracy),
  ]);
  return [{ title: 'Accuracy per class', html: htmlTable(['class', 'samples', 'correct', 'accuracy'], rows, []) }];
}

/** The page as one string; same input, same bytes. */
export function modelReport(report: ModelReport): string {
  const { manifest, plan, board, build, run, evaluation, against } = report;
  const intro = cards([
    {
      value: `${(100 * evaluation.accuracy).toFixed(1)}%`,
      label: `top-1 on ${evaluation.count} samples (host, same C)${against ? `; float ${percent(against.trust.float)}` : ''}`,
    },
    { value: `${run.equal} / ${run.compared}`, label: `answers of ${board.id} equal to the host, bit by bit` },
    {
      value: grouped(median(run.timing.perInference)),
      label: `${run.timing.unit} per inference, ${run.timing.source}`,
    },
    { value: kib(manifest.arenaBytes), label: 'arena, input and output included' },
    { value: kib(build.flashBytes), label: `flash: code ${kib(build.codeBytes)}, constants ${kib(build.constBytes)}` },
    {
      value: kib(build.ramBytes),
      label: `RAM in all; stack at most ${build.stackBytes === null ? 'unbounded' : grouped(build.stackBytes)} B`,
    },
  ]);
  const sections: Section[] = [
    ...layerSections(report),
    {
      title: 'Arena over time',
      note: `${grouped(manifest.arenaBytes)} bytes${plan.arenaBytes === plan.boundBytes ? '; proved optimal for these kernels and this layer order' : `; proved to need ${grouped(plan.boundBytes)} at least`}. One column per layer, one block per buffer; where blocks overlap, a kernel writes behind its own reads.`,
      html: arenaChart(
        plan.buffers,
        manifest.layers.map((l) => l.name),
        manifest.arenaBytes,
      ),
    },
    ...accuracySections(report),
    {
      title: 'Largest functions',
      note: 'Code of the firmware in flash, from its symbols.',
      html: htmlTable(
        ['function', 'bytes'],
        build.largestFunctions.map((f) => [f.name, grouped(f.bytes)]),
        [0],
      ),
    },
  ];
  const subtitle = `${manifest.model.file}, ${manifest.arithmetic}, ${manifest.rounding} rounding, on ${board.name} (verified: ${board.verified.level}). Pack ${manifest.hash.slice(0, 16)}.`;
  return htmlPage(`mote: ${manifest.name} on ${board.id}`, subtitle, intro, sections);
}
