// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { energyBaud } from '../../build/agentHeader.js';
import { buildFirmware } from '../../build/firmware.js';
import { withWorkFolder } from '../../build/workFolder.js';
import { AgentText } from '../../device/agentText.js';
import { openConsole } from '../../device/openConsole.js';
import type { Board } from '../../generated/board.js';
import type { PackManifest } from '../../generated/pack.js';
import type { Link } from '../../link/link.js';
import { openEmulatedBench } from '../../measure/emulated/emulatedPpk2.js';
import { type EnergyReport, energyReport } from '../../measure/energy.js';
import type { Meter } from '../../measure/meter.js';
import { meters } from '../../measure/meters.js';
import { readDataset, wireBytes, wireSize } from '../../measure/mlperfData.js';
import {
  type Accuracy,
  accuracyOf,
  energyLines,
  inferencesFor,
  inferWindow,
  loadSample,
  type MlperfSample,
  type MlperfTarget,
  type MlperfWindow,
  medianThroughput,
  resultLines,
  windowCount,
} from '../../measure/mlperfRun.js';
import { type MlperfTask, mlperfTasks } from '../../measure/mlperfTasks.js';
import { completeWindows, markerWindows } from '../../measure/windows.js';
import { openPack, type PackFolder } from '../../packFolder.js';
import { type CommandSpec, type OptionValues, text } from '../command.js';
import { type EnergySettings, energySettings } from '../energyOptions.js';
import { fail, MoteError } from '../errors.js';
import { writeOutput } from '../files.js';
import { readLabels } from '../labels.js';
import type { Output } from '../output.js';
import { inputScaleOption, readSamples } from '../sampleInput.js';
import { boardFor } from './build.js';

const suites = ['mlperf-tiny'];
/** The rules ask for windows of at least 10 s; an emulator's seconds are none, so it runs 10 inferences. */
const leastSeconds = 10;
const emulatedInferences = 10;
const greetingMs = 30_000;
const slowestWindowMs = 600_000;

interface BenchRequest {
  folder: PackFolder;
  board: Board;
  task: MlperfTask;
  port: string | undefined;
  samples: MlperfSample[];
  modes: ('performance' | 'accuracy')[];
  energy?: EnergySettings;
  out: Output;
}

function taskOf(options: OptionValues): MlperfTask {
  const id = text(options, 'task');
  const names = Object.keys(mlperfTasks);
  if (id !== undefined && names.includes(id)) return id as MlperfTask;
  return fail('usage.option', { option: 'task', expected: names.join(', '), got: id ?? 'nothing' });
}

async function samplesOf(manifest: PackManifest, task: MlperfTask, options: OptionValues): Promise<MlperfSample[]> {
  const limitText = text(options, 'limit');
  const limit = limitText === undefined ? Number.POSITIVE_INFINITY : Number(limitText);
  if (!(limit >= 1)) fail('usage.option', { option: 'limit', expected: 'a number from 1 up', got: limitText ?? '' });
  const [input] = manifest.inputs;
  const checkout = text(options, 'dataset');
  const path = text(options, 'data');
  if (checkout !== undefined) {
    const samples = await readDataset(checkout, task, limit);
    const odd = samples.find((s) => s.bytes.length !== wireSize(task, input));
    if (odd)
      fail('data.broken', {
        path: odd.name,
        reason: `it has ${odd.bytes.length} bytes, ${task} of this model loads ${wireSize(task, input)}`,
      });
    return samples;
  }
  if (path === undefined)
    return fail('usage.bad', { what: 'give --dataset FOLDER, or --data X.npy and --labels Y.npy', command: 'bench' });
  const { data } = await readSamples(manifest, path, text(options, 'inputScale'));
  const classes = mlperfTasks[task].result === 'meanSquare' ? 2 : manifest.outputs[0].bytes;
  const labelPath = text(options, 'labels');
  const labels = labelPath === undefined ? data.map(() => 0) : await readLabels(labelPath, data.length, classes);
  return data.slice(0, limit).map((tensor, i) => ({
    name: `sample ${i}`,
    bytes: wireBytes(task, input, tensor as Int8Array),
    label: labels[i],
  }));
}

/** Fills `windows` as it goes, so that what was measured is there when the board breaks down. */
async function performanceWindows(
  target: MlperfTarget,
  { samples, port, out }: BenchRequest,
  windows: MlperfWindow[],
): Promise<void> {
  let inferences = emulatedInferences;
  for (let i = 0; i < windowCount; i++) {
    await loadSample(target, samples[i % samples.length].bytes);
    if (i === 0 && port !== undefined) inferences = await inferencesFor(target, leastSeconds);
    windows.push(await inferWindow(target, inferences, 10));
    out.progress(`window ${i + 1} of ${windowCount}`);
  }
  out.progress('');
}

function benchMeter(options: OptionValues, port: string | undefined): EnergySettings | undefined {
  const settings = energySettings(options);
  const kind = settings?.meter.kind;
  if (kind === 'replay' || (kind === 'emulated' && port !== undefined))
    fail('usage.bad', {
      what:
        kind === 'replay'
          ? 'energy mode measures, it takes no recording'
          : '--energy emulated:ppk2 is for the emulator',
      command: 'bench',
    });
  return settings;
}

interface EnergyResult {
  report: EnergyReport;
  /** Seconds from the start of the recording. */
  starts: number[];
}

/** How many inferences last long enough: the firmware is silent in a window, so this machine's clock says. */
async function inferencesHere(target: MlperfTarget): Promise<number> {
  const before = performance.now();
  await inferWindow(target, 10, 0);
  const seconds = (performance.now() - before) / 1000;
  return Math.max(10, Math.ceil((1.05 * leastSeconds * 10) / seconds));
}

/** Five windows while the meter records; those that were whole before something broke are kept. */
async function energyWindows(
  target: MlperfTarget,
  meter: Meter,
  { samples, out, energy }: BenchRequest,
  result: BenchResult,
): Promise<void> {
  await loadSample(target, samples[0].bytes);
  const inferences = energy?.meter.kind === 'emulated' ? emulatedInferences : await inferencesHere(target);
  await meter.start();
  let done = 0;
  try {
    for (; done < windowCount && meter.gone() === undefined; done++) {
      await loadSample(target, samples[done % samples.length].bytes);
      await inferWindow(target, inferences, 10);
      out.progress(`energy window ${done + 1} of ${windowCount}`);
    }
  } finally {
    out.progress('');
    const trace = await meter.stop();
    const marker = energy?.marker ?? 0;
    const whole = trace.brokenOff === undefined && done === windowCount;
    const found = whole ? markerWindows(trace, marker, windowCount) : completeWindows(trace, marker, done);
    if (found) {
      const report = energyReport(trace, found, { inferencesPerWindow: inferences });
      result.energy = { report, starts: found.windows.map((w) => w.from / trace.rateHz) };
    }
    if (trace.brokenOff !== undefined)
      result.broken = new MoteError('meter.lost', {
        meter: meter.info.name,
        when: `after ${result.energy?.report.windows.length ?? 0} of ${windowCount} windows`,
        reason: trace.brokenOff,
      });
  }
}

async function accuracy(target: MlperfTarget, { samples, out }: BenchRequest): Promise<Accuracy> {
  const results: number[][] = [];
  for (const [i, sample] of samples.entries()) {
    await loadSample(target, sample.bytes);
    results.push((await inferWindow(target, 1, 0)).results);
    out.progress(`sample ${i + 1} of ${samples.length}`);
  }
  out.progress('');
  return accuracyOf(
    results,
    samples.map((s) => s.label),
  );
}

interface BenchResult {
  name: string;
  windows?: MlperfWindow[];
  accuracy?: Accuracy;
  energy?: EnergyResult;
  /** What ended it early; what is here was measured before. */
  broken?: MoteError;
}

/** The meter first: one that supplies the board starts it. */
async function openParts(request: BenchRequest, image: string): Promise<{ link: Link; meter?: Meter }> {
  const { board, port, energy } = request;
  if (!energy) return { link: await openConsole(board, image, port) };
  const slow = { ...board, console: { ...board.console, baud: energyBaud } };
  if (energy.meter.kind === 'emulated') return openEmulatedBench(slow, image, energy.millivolt);
  const { kind, place } = energy.meter;
  const meter = await meters[kind].open(place, energy);
  try {
    return { link: await openConsole(slow, image, port), meter };
  } catch (error) {
    await meter.close();
    throw error;
  }
}

async function measure(request: BenchRequest): Promise<BenchResult> {
  const { folder, board, task, port, energy, out } = request;
  const mode = energy ? 'energy' : 'performance';
  return withWorkFolder(async (work) => {
    const image = join(work, 'bench.elf');
    if (port === undefined) {
      if (!board.emulator) fail('device.none', { board: board.id });
      await buildFirmware(folder.dir, board, image, { agent: { mode, task } });
      out.step(`built the firmware for ${board.id}`);
    }
    const { link, meter } = await openParts(request, image);
    const conversation = new AgentText(link, board.id);
    try {
      if (port === undefined) await conversation.greeting(greetingMs);
      return await converse(conversation, meter, mode, request);
    } finally {
      await conversation.close();
      await meter?.close();
    }
  });
}

async function converse(
  text: AgentText,
  meter: Meter | undefined,
  mode: MlperfTarget['mode'],
  request: BenchRequest,
): Promise<BenchResult> {
  const { board, task, modes } = request;
  const name = (await text.command('name', greetingMs)).join(' ');
  const profile = (await text.command('profile', greetingMs)).join(' ');
  if (!profile.includes(`m-model-[${task}]`))
    fail('device.wrongModel', { board: board.id, got: profile.slice(0, 80), expected: `the agent for ${task}` });
  const target: MlperfTarget = { text, board: board.id, mode, windowMs: slowestWindowMs };
  const windows: MlperfWindow[] = [];
  const result: BenchResult = { name };
  try {
    if (meter) await energyWindows(target, meter, request, result);
    if (modes.includes('performance')) await performanceWindows(target, request, windows);
    if (modes.includes('accuracy')) result.accuracy = await accuracy(target, request);
  } catch (error) {
    const measured = windows.length > 0 || result.energy !== undefined;
    if (!measured || !(error instanceof MoteError)) throw error;
    result.broken = error;
  }
  return { ...result, ...(windows.length > 0 && { windows }) };
}

function lines(result: BenchResult): string[] {
  const scores = result.accuracy;
  return [
    ...(result.energy ? energyLines(result.energy.report, result.energy.starts, leastSeconds) : []),
    ...(result.windows ? resultLines(result.windows, leastSeconds) : []),
    ...(scores
      ? [
          ...(scores.top1 === null ? [] : [`Top-1: ${(100 * scores.top1).toFixed(1)}%`]),
          `AUC: ${scores.auc.toFixed(2)}`,
        ]
      : []),
  ].map((line) => `ulp-mlperf: ${line}`);
}

export const bench: CommandSpec = {
  name: 'bench',
  summary: 'MLPerf Tiny on a board or its emulator: performance and accuracy, with the result lines of record',
  arguments: [
    { name: 'suite', text: 'mlperf-tiny' },
    { name: 'dir', text: 'folder that mote pack wrote' },
  ],
  options: [
    {
      flags: '--task <id>',
      text: Object.entries(mlperfTasks)
        .map(([id, t]) => `${id} (${t.text})`)
        .join(', '),
      required: true,
    },
    { flags: '--board <id>', text: 'board; mote boards lists them (default: that of the pack)' },
    {
      flags: '--port <path>',
      text: 'serial port or tcp:HOST:PORT of a board with firmware of mote build --agent performance --task ID (default: the emulator)',
    },
    { flags: '--mode <which>', text: 'performance, accuracy or both (default both)' },
    {
      flags: '--energy <meter>',
      text: 'energy mode, firmware of mote build --agent energy: ppk2:PORT, emulated:ppk2 and so on, see mote profile --help',
    },
    { flags: '--volt <v>', text: 'supply that the meter gives, or that the board has (default 3.3)', needs: 'energy' },
    { flags: '--ampere', text: 'the board has its own supply, the PPK2 sits in it', needs: 'energy' },
    {
      flags: '--marker <n>',
      text: 'digital input of the meter that the marker pin is wired to (default 0)',
      needs: 'energy',
    },
    { flags: '--dataset <folder>', text: "checkout of MLPerf Tiny's data set: TASK/y_labels.csv and its files" },
    { flags: '--data <x.npy>', text: 'inputs instead of a checkout' },
    { flags: '--labels <y.npy>', text: 'their classes (ad01: 1 is an anomaly)' },
    { flags: '--limit <n>', text: 'only the first n samples' },
    inputScaleOption,
    { flags: '-o, --output <file>', text: 'also write the result lines there' },
  ],
  async run([suite, dir], options, out) {
    if (!suites.includes(suite))
      fail('usage.bad', { what: `there is no suite '${suite}': ${suites.join(', ')}`, command: 'bench' });
    const folder = await openPack(dir);
    const board = boardFor(folder.manifest, text(options, 'board'));
    const task = taskOf(options);
    const mode = text(options, 'mode') ?? 'both';
    if (!['performance', 'accuracy', 'both'].includes(mode))
      fail('usage.option', { option: 'mode', expected: 'performance, accuracy or both', got: mode });
    const energy = benchMeter(options, text(options, 'port'));
    const modes = energy ? [] : (['performance', 'accuracy'] as const).filter((m) => mode === 'both' || mode === m);
    const samples = await samplesOf(folder.manifest, task, options);
    if (modes.includes('accuracy') && text(options, 'dataset') === undefined && text(options, 'labels') === undefined)
      fail('usage.bad', { what: 'accuracy needs --labels', command: 'bench' });
    const port = text(options, 'port');
    const result = await measure({ folder, board, task, port, samples, modes, energy, out });
    const written = lines(result);
    const output = text(options, 'output');
    if (output !== undefined) await writeOutput(output, `${written.join('\n')}\n`);
    const source = port === undefined ? 'emulated' : 'measured';
    return {
      data: {
        task,
        board: board.id,
        source,
        samples: samples.length,
        throughput: result.windows?.length === windowCount ? medianThroughput(result.windows) : null,
        windows: result.windows ?? [],
        accuracy: result.accuracy ?? null,
        energy: result.energy?.report ?? null,
      },
      lines: [
        `board   ${board.id}   ${port ?? 'emulator'}   ${result.name}   ${task}`,
        ...(source === 'emulated'
          ? ["emulated: seconds are the emulator's, no latency of a board and no submission"]
          : []),
        '',
        ...written,
        ...(result.energy?.report.notes ?? []).map((note) => `note    ${note}`),
      ],
      ...(result.broken && { error: result.broken }),
    };
  },
};
