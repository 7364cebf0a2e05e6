// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { buildFirmware } from '../../build/firmware.js';
import { withWorkFolder } from '../../build/workFolder.js';
import type { Device } from '../../device/device.js';
import { type RunReport, runInputs } from '../../device/runInputs.js';
import { startDevice } from '../../device/startDevice.js';
import { startHost } from '../../device/wasm.js';
import type { Board } from '../../generated/board.js';
import type { PackManifest } from '../../generated/pack.js';
import type { DType, TensorData } from '../../model/graph.js';
import { bytesOf, dataFromBytes } from '../../model/tensorData.js';
import { buildHost, loadVectors, openPack } from '../../packFolder.js';
import { grouped, median, percent, right, table } from '../../report/table.js';
import { type CommandSpec, text } from '../command.js';
import { fail, MoteError } from '../errors.js';
import { nameLines, namesOf } from '../labelNames.js';
import type { Output } from '../output.js';
import { inputScaleOption, outOption, readSamples, resetOption, stateNote, writeOutputs } from '../sampleInput.js';
import { boardFor } from './build.js';

/** Layer table with counts, and the sum line. */
export function timingLines(manifest: PackManifest, report: RunReport, width: number): string[] {
  const { timing } = report;
  if (timing.unit === 'none' || !timing.perLayer.length) return [];
  const sum = timing.perLayer.reduce((a, b) => a + b, 0);
  const rows = manifest.layers.map((l) => {
    const count = timing.perLayer[l.index];
    return [
      String(l.index),
      l.name,
      l.op,
      grouped(count),
      percent(count, sum),
      l.macs ? (count / l.macs).toFixed(2) : '–',
    ];
  });
  const total = median(timing.perInference);
  rows.push(['', 'whole inference', '', grouped(total), '', manifest.macs ? (total / manifest.macs).toFixed(2) : '–']);
  return table(
    [
      right('#'),
      { title: 'layer' },
      { title: 'op' },
      right(`${timing.unit} (${timing.source})`),
      right('share'),
      right('per MAC'),
    ],
    rows,
    width,
  );
}

export function differenceError(report: RunReport): MoteError | undefined {
  const d = report.firstDifference;
  if (!d) return undefined;
  const where = d.layer
    ? `first in layer ${d.layer.index} '${d.layer.name}', tensor '${d.tensor}' element ${d.element}`
    : `output '${d.tensor}' element ${d.element}`;
  return new MoteError('run.differ', {
    what: `input ${d.input} differs from the host, ${where}: ${d.got}, must be ${d.expected}`,
  });
}

async function samplesOf(
  dir: string,
  options: { data?: string; scale?: string; limit: number },
): Promise<{ samples: TensorData[][]; how: string }> {
  const folder = await openPack(dir);
  if (options.data === undefined) {
    const { inputs } = await loadVectors(folder);
    return { samples: inputs.slice(0, options.limit), how: 'test vectors of the pack' };
  }
  const { data, how } = await readSamples(folder.manifest, options.data, options.scale);
  return { samples: data.slice(0, options.limit).map((d) => [d]), how };
}

/** Builds the firmware into a folder of its own, opens the board, and gives both to `use`. */
export async function withDevice<T>(
  dir: string,
  manifest: PackManifest,
  board: Board,
  port: string | undefined,
  out: Output,
  use: (device: Device) => Promise<T>,
): Promise<T> {
  return withWorkFolder(async (work) => {
    const image = join(work, `${manifest.name}.elf`);
    if (port === undefined) {
      if (!board.emulator) fail('device.none', { board: board.id });
      await buildFirmware(dir, board, image);
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

export const run: CommandSpec = {
  name: 'run',
  summary: 'run inputs on a board or its emulator and compare every bit with the host',
  arguments: [{ name: 'dir', text: 'folder that mote pack wrote' }],
  options: [
    { flags: '--board <id>', text: 'board; mote boards lists them (default: that of the pack)' },
    {
      flags: '--port <path>',
      text: 'serial port or tcp:HOST:PORT of a board that has the firmware (default: the emulator)',
    },
    { flags: '--data <x.npy>', text: 'inputs, also .wav for a front end (default: the test vectors of the pack)' },
    { flags: '--limit <n>', text: 'only the first n inputs' },
    { ...inputScaleOption, needs: 'data' },
    resetOption,
    outOption,
  ],
  async run([dir], options, out) {
    const folder = await openPack(dir);
    const { manifest } = folder;
    const board = boardFor(manifest, text(options, 'board'));
    const limitText = text(options, 'limit');
    const limit = limitText === undefined ? Number.POSITIVE_INFINITY : Number(limitText);
    if (limitText !== undefined && !(Number.isInteger(limit) && limit > 0))
      fail('usage.option', { option: 'limit', expected: 'a whole number above 0', got: limitText });
    const { samples, how } = await samplesOf(dir, {
      data: text(options, 'data'),
      scale: text(options, 'inputScale'),
      limit,
    });
    const { wasm, manifest: hostManifest } = await buildHost(folder);
    const resetEach = options.reset === true;
    const host = await startHost(wasm, hostManifest);
    const { report, status, info } = await withDevice(
      dir,
      manifest,
      board,
      text(options, 'port'),
      out,
      async (device) => ({
        report: await runInputs(
          device,
          host,
          manifest,
          samples.map((s) => s.map(bytesOf)),
          { hostManifest, resetEach },
        ),
        status: await device.status(),
        info: device.info,
      }),
    );
    const outputs = report.outputs.map((o) =>
      o.map((bytes, i) => dataFromBytes(manifest.outputs[i].dtype as DType, bytes)),
    );
    await writeOutputs(manifest, outputs, text(options, 'out'));
    const names = namesOf(manifest, outputs);
    const { timing } = report;
    const counts =
      timing.unit === 'none' ? {} : { [timing.unit]: { perInference: timing.perInference, perLayer: timing.perLayer } };
    return {
      data: {
        name: manifest.name,
        hash: manifest.hash,
        board: board.id,
        compared: report.compared,
        equal: report.equal,
        firstDifference: report.firstDifference ?? null,
        timing: { source: timing.source, unit: timing.unit, clockHz: info.clockHz, ...counts },
        ...(names ? { labels: names } : {}),
        stackUsedBytes: status.stackUsedBytes,
        guardIntact: status.guardIntact,
      },
      lines: [
        `board   ${board.id}   ${text(options, 'port') ?? 'emulator'}   ${info.model} ${info.hash}`,
        `data    ${samples.length} inputs: ${how}`,
        ...stateNote(manifest, resetEach),
        '',
        ...timingLines(manifest, report, out.width),
        '',
        ...nameLines(names),
        `stack   ${grouped(status.stackUsedBytes)} bytes used of ${grouped(status.stackReservedBytes)} reserved; arena guards ${status.guardIntact ? 'untouched' : 'OVERWRITTEN'}`,
        `equal   ${report.equal} of ${report.compared} inputs, bit by bit with the host`,
      ],
      error: differenceError(report),
    };
  },
};
