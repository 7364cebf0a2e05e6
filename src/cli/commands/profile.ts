// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { buildFirmware } from '../../build/firmware.js';
import { withWorkFolder } from '../../build/workFolder.js';
import type { Device } from '../../device/device.js';
import { startDevice } from '../../device/startDevice.js';
import type { Board } from '../../generated/board.js';
import type { RunRecord } from '../../generated/run.js';
import { measureEnergy, reportOf } from '../../measure/energyRun.js';
import { meters, parseMeter } from '../../measure/meters.js';
import { checkClock, profileDevice } from '../../measure/profileDevice.js';
import { readTrace } from '../../measure/replay.js';
import { type RecordParts, runRecord, secondsOf } from '../../measure/runRecord.js';
import { fallingEdges, markerWindows } from '../../measure/windows.js';
import { bytesOf } from '../../model/tensorData.js';
import { loadVectors, openPack, type PackFolder } from '../../packFolder.js';
import { grouped, percent, right, table } from '../../report/table.js';
import { type CommandSpec, type OptionValues, text } from '../command.js';
import { fail } from '../errors.js';
import { writeOutput } from '../files.js';
import type { Output } from '../output.js';
import { inputScaleOption, readSamples } from '../sampleInput.js';
import { boardFor } from './build.js';

export function numberOption(
  options: OptionValues,
  option: string,
  key: string,
  usual: number,
  atLeast: number,
): number {
  const given = text(options, key);
  const value = given === undefined ? usual : Number(given);
  if (Number.isFinite(value) && value >= atLeast) return value;
  return fail('usage.option', { option, expected: `a number from ${atLeast} up`, got: given ?? '' });
}

async function sampleOf(folder: PackFolder, options: OptionValues): Promise<Uint8Array[]> {
  const path = text(options, 'data');
  if (path === undefined) return (await loadVectors(folder)).inputs[0].map(bytesOf);
  const { data } = await readSamples(folder.manifest, path, text(options, 'inputScale'));
  return [bytesOf(data[0])];
}

/** Builds the firmware where an emulator runs it, opens the board, and gives it to `use`. */
async function onBoard<T>(
  folder: PackFolder,
  board: Board,
  { port, agent, out }: { port: string | undefined; agent: boolean; out: Output },
  use: (device: Device) => Promise<T>,
): Promise<T> {
  return withWorkFolder(async (work) => {
    const image = join(work, `${folder.manifest.name}.elf`);
    if (port === undefined) {
      if (!board.emulator) fail('device.none', { board: board.id });
      await buildFirmware(folder.dir, board, image, agent ? { agent: { mode: 'performance' } } : {});
      out.step(`built the firmware for ${board.id}`);
    }
    const device = await startDevice(board, image, { port });
    try {
      return await use(device);
    } finally {
      await device.close();
    }
  });
}

interface EnergySettings {
  meter: string;
  windows: number;
  seconds: number;
  inferences: number | undefined;
  marker: number | undefined;
  millivolt: number;
  ampere: boolean;
  idle: boolean;
}

function energySettings(options: OptionValues): EnergySettings | undefined {
  const meter = text(options, 'energy');
  if (meter === undefined) return undefined;
  const inferences = text(options, 'inferences');
  const markerText = text(options, 'marker');
  return {
    meter,
    windows: Math.floor(numberOption(options, 'windows', 'windows', 5, 1)),
    seconds: numberOption(options, 'seconds', 'seconds', 10, 0.001),
    inferences:
      inferences === undefined ? undefined : Math.floor(numberOption(options, 'inferences', 'inferences', 1, 1)),
    marker: markerText === undefined ? undefined : Math.floor(numberOption(options, 'marker', 'marker', 0, 0)),
    millivolt: Math.round(1000 * numberOption(options, 'volt', 'volt', 3.3, 0.8)),
    ampere: options.ampere === true,
    idle: options.idle === true,
  };
}

type Energy = NonNullable<RecordParts['energy']>;

/** A recorded trace: its windows are those that the marker frames. */
async function replayEnergy(path: string, settings: EnergySettings): Promise<Energy> {
  if (settings.inferences === undefined)
    fail('usage.bad', {
      what: '--energy replay:FILE needs --inferences, the number in each window',
      command: 'profile',
    });
  const trace = await readTrace(path, { millivolt: settings.millivolt });
  const marker = settings.marker ?? 0;
  const edges = trace.digital ? fallingEdges(trace.digital, marker).length : 0;
  const found = markerWindows(trace, marker, Math.max(1, edges >> 1));
  return { trace, report: reportOf(trace, found, { inferencesPerWindow: settings.inferences, idle: settings.idle }) };
}

async function liveEnergy(device: Device, settings: EnergySettings, cycles: number, out: Output): Promise<Energy> {
  const { kind, place } = parseMeter(settings.meter);
  const meter = await meters[kind].open(place, { millivolt: settings.millivolt, ampere: settings.ampere });
  try {
    out.step(`meter   ${meter.info.name}`);
    const inferencesPerWindow =
      settings.inferences ?? Math.max(10, Math.ceil((settings.seconds * device.info.clockHz) / cycles));
    const marker = settings.marker ?? (meter.info.digitalInputs > 0 ? 0 : undefined);
    return await measureEnergy(device, meter, {
      windows: settings.windows,
      inferencesPerWindow,
      marker,
      idle: settings.idle,
      onWindow: (done) => out.progress(`window ${done} of ${settings.windows}`),
    });
  } finally {
    await meter.close();
  }
}

const milli = (seconds: number | undefined): string => (seconds === undefined ? '–' : (seconds * 1000).toFixed(3));

/** The spread as half of the middle 95 %, in percent of the median. */
const spread = (s: RunRecord['whole']): string =>
  s.median > 0 ? `${((50 * (s.high95 - s.low95)) / s.median).toFixed(1)}%` : '–';

function layerLines(record: RunRecord, width: number): string[] {
  const { whole, layers, counter } = record;
  const joule = record.energy?.perInference.median;
  const sum = layers.reduce((total, l) => total + l.count.median, 0);
  const share = (count: number) => (joule === undefined ? '–' : (((joule * count) / sum) * 1e6).toFixed(2));
  const rows = layers.map((l) => [
    l.name,
    l.kernel,
    grouped(l.count.median),
    spread(l.count),
    milli(secondsOf(record, l.count.median)),
    percent(l.count.median, sum),
    l.macs > 0 ? (l.count.median / l.macs).toFixed(2) : '–',
    l.bound,
    share(l.count.median),
  ]);
  rows.push([
    'whole',
    '',
    grouped(whole.median),
    spread(whole),
    milli(secondsOf(record, whole.median)),
    '',
    record.macs > 0 ? (whole.median / record.macs).toFixed(2) : '–',
    '',
    joule === undefined ? '–' : (joule * 1e6).toFixed(2),
  ]);
  const columns = [
    { title: 'layer' },
    { title: 'kernel' },
    right(`${counter.unit} (${counter.source})`),
    right('±'),
    right('ms'),
    right('share'),
    right('per MAC'),
    { title: 'bound' },
    right('≈µJ'),
  ];
  return table(columns, rows, width);
}

function wholeLines(record: RunRecord): string[] {
  const { whole, counter, energy, clock } = record;
  const seconds = (count: number) => milli(secondsOf(record, count));
  const latency =
    secondsOf(record, whole.median) === undefined
      ? `counts  median ${grouped(whole.median)} ${counter.unit}, min ${grouped(whole.min)}, 95 % of ${whole.count} runs ${grouped(whole.low95)} to ${grouped(whole.high95)}; ${counter.source}: no latency of a board`
      : `latency median ${seconds(whole.median)} ms, min ${seconds(whole.min)}, 95 % of ${whole.count} runs ${seconds(whole.low95)} to ${seconds(whole.high95)}`;
  const lines = [latency];
  if (clock)
    lines.push(
      `clock   ${(clock.checkedHz / 1e6).toFixed(3)} MHz against this machine ± ${(clock.uncertaintyHz / 1e6).toFixed(3)}; stated ${(clock.statedHz / 1e6).toFixed(3)}`,
    );
  if (energy) {
    const net =
      energy.netJ === null
        ? ''
        : `; ${(energy.netJ * 1e6).toFixed(2)} µJ without idling at ${((energy.idleW ?? 0) * 1000).toFixed(2)} mW`;
    lines.push(
      `energy  ${(energy.perInference.median * 1e6).toFixed(2)} µJ per inference ± ${(energy.uncertaintyJ * 1e6).toFixed(2)} (k = 1), ${energy.windows.length} windows of ${energy.inferencesPerWindow} by ${energy.windowsBy}, ${energy.source}${net}`,
    );
  }
  lines.push(
    `profile layers one by one take ${(100 * record.layerSumShare).toFixed(2)} % of the whole; they cost no RAM`,
    `ram     arena ${grouped(record.arenaBytes)} bytes, stack ${grouped(record.stackUsedBytes)} of ${grouped(record.stackReservedBytes)} used`,
  );
  return lines;
}

export const profile: CommandSpec = {
  name: 'profile',
  summary: 'counts and milliseconds of each layer on a board or its emulator, and energy with a meter',
  arguments: [{ name: 'dir', text: 'folder that mote pack wrote' }],
  options: [
    { flags: '--board <id>', text: 'board; mote boards lists them (default: that of the pack)' },
    {
      flags: '--port <path>',
      text: 'serial port or tcp:HOST:PORT of a board with the firmware (default: the emulator)',
    },
    { flags: '--runs <n>', text: 'measured runs (default 10)' },
    { flags: '--warmups <n>', text: 'runs before them (default 2)' },
    { flags: '--data <x.npy>', text: 'the first input is profiled (default: the first test vector)' },
    inputScaleOption,
    {
      flags: '--energy <meter>',
      text: `a power meter: ${Object.entries(meters)
        .map(([kind, row]) => `${kind}:${row.place}`)
        .join(', ')}, or replay:FILE`,
    },
    { flags: '--volt <v>', text: 'supply that the meter gives, or that the board has (default 3.3)' },
    { flags: '--ampere', text: 'the board has its own supply, the PPK2 sits in it' },
    {
      flags: '--marker <n>',
      text: 'digital input of the meter that the marker pin is wired to (default 0 where it has some)',
    },
    { flags: '--windows <n>', text: 'energy windows (default 5)' },
    { flags: '--seconds <s>', text: 'length of an energy window (default 10)' },
    { flags: '--inferences <n>', text: 'inferences in a window, instead of --seconds' },
    { flags: '--idle', text: 'also say what is left without idle power' },
    { flags: '-o, --output <file>', text: 'write the run record (JSON) for compare and report' },
  ],
  async run([dir], options, out) {
    const folder = await openPack(dir);
    const { manifest } = folder;
    const board = boardFor(manifest, text(options, 'board'));
    const port = text(options, 'port');
    const settings = energySettings(options);
    const replay = settings?.meter.startsWith('replay:') ? settings.meter.slice('replay:'.length) : undefined;
    if (settings && replay === undefined) parseMeter(settings.meter);
    const runs = Math.floor(numberOption(options, 'runs', 'runs', 10, 1));
    const warmups = Math.floor(numberOption(options, 'warmups', 'warmups', 2, 0));
    const sample = await sampleOf(folder, options);
    const agent = settings !== undefined && replay === undefined;
    const parts = await onBoard(folder, board, { port, agent, out }, async (device): Promise<RecordParts> => {
      const onProgress = (done: number, total: number) => out.progress(done < total ? `run ${done} of ${total}` : '');
      const profiled = await profileDevice(device, manifest, sample, { runs, warmups, onProgress });
      const clock = await checkClock(device, profiled.whole.median);
      const energy =
        settings === undefined
          ? undefined
          : replay !== undefined
            ? await replayEnergy(replay, settings)
            : await liveEnergy(device, settings, profiled.whole.median, out);
      return { manifest, info: device.info, profiled, clock, energy };
    });
    const record = runRecord(parts);
    const output = text(options, 'output');
    if (output !== undefined) await writeOutput(output, Buffer.from(`${JSON.stringify(record, null, 2)}\n`));
    return {
      data: record,
      lines: [
        `board   ${board.id}   ${port ?? 'emulator'}   ${record.name} ${record.hash}   ${warmups} warm-up, ${runs} runs`,
        '',
        ...layerLines(record, out.width),
        '',
        ...wholeLines(record),
        ...(output === undefined
          ? []
          : [`wrote   ${output}   next: mote compare OLD ${output}, mote report ${output}`]),
      ],
      warnings: record.warnings,
    };
  },
};
