// SPDX-License-Identifier: Apache-2.0
// The emulated Pico with an emulated PPK2 in its supply and on its marker pin: the driver's real path, an energy that is
// known, and no board's energy.
import { fail } from '../../cli/errors.js';
import type { Device } from '../../device/device.js';
import { emulatorTimeouts, openLinkDevice } from '../../device/linkDevice.js';
import { openRp2040 } from '../../device/rp2040.js';
import type { Board } from '../../generated/board.js';
import type { Link } from '../../link/link.js';
import { memoryLink } from '../../link/memoryLink.js';
import type { EnergyTruth } from '../energyRun.js';
import type { Meter } from '../meter.js';
import { openPpk2 } from '../ppk2.js';
import type { FoundWindows } from '../windows.js';
import { ChipScene, madeUpAmps } from './chipScene.js';
import { Ppk2Emulator, ppk2RateHz } from './ppk2Emulator.js';

export interface EmulatedBench {
  /** The chip's console. */
  link: Link;
  meter: Meter;
  /** Lets the chip's time pass, which stands still while its firmware waits for the host. */
  wait(ms: number): Promise<void>;
  /** What the emulator knows of the windows that were found in the trace. */
  truth(found: FoundWindows, inferencesPerWindow: number): EnergyTruth;
  /** Of all windows of the recording in their order: joule without the marker's pulse. */
  computingJ(): number[];
}

const markerInput = 0;

/** GP2 of `GP2 (pin 4)`. */
const pinOf = (board: Board): number | undefined => {
  const match = /^GP(\d+)\b/.exec(board.marker?.pin ?? '');
  return match ? Number(match[1]) : undefined;
};

export async function openEmulatedPpk2(
  board: Board,
  image: string,
  millivolt: number,
): Promise<EmulatedBench & { device: Device }> {
  const bench = await openEmulatedBench(board, image, millivolt);
  return { ...bench, device: await openLinkDevice(bench.link, board, 'emulated', emulatorTimeouts) };
}

export async function openEmulatedBench(board: Board, image: string, millivolt: number): Promise<EmulatedBench> {
  const pin = pinOf(board);
  if (board.emulator?.kind !== 'rp2040js' || pin === undefined) return fail('meter.emulated', { board: board.id });
  const chipNow = { nanos: () => 0, executed: () => 0 };
  const scene = new ChipScene(() => chipNow.nanos(), ppk2RateHz, {
    executed: () => chipNow.executed(),
    clockHz: board.clockHz,
  });
  const chip = await openRp2040(board, image, {
    onPin: (changed, high, nanos) => {
      if (changed === pin) scene.pin(high, nanos);
    },
  });
  chipNow.nanos = chip.nanos;
  chipNow.executed = chip.executed;
  const { near, far } = memoryLink('emulated PPK2');
  new Ppk2Emulator(far, { scene, pull: true, markerInput });
  const meter = await openPpk2(near, { mode: 'source', millivolt, source: 'emulated' });
  const name = `emulated ${meter.info.name}`;
  return {
    link: chip.link,
    meter: {
      ...meter,
      info: { ...meter.info, name },
      stop: async () => {
        const trace = await meter.stop();
        return { ...trace, meter: name, notes: [...trace.notes, madeUp] };
      },
    },
    wait: chip.elapse,
    truth: ({ windows }, inferencesPerWindow) => {
      const falls = scene.falls();
      const ends = windows.flatMap(({ from, to }) => [from, to]);
      const charges = scene.charges().slice(0, windows.length);
      const mean = charges.reduce((sum, c) => sum + c.whole, 0) / charges.length;
      return {
        edgeSamples: Math.max(...ends.map((end, i) => Math.abs(end - falls[i]))),
        perInferenceJ: (mean * millivolt) / 1000 / inferencesPerWindow,
      };
    },
    computingJ: () => scene.charges().map((c) => (c.computing * millivolt) / 1000),
  };
}

const { waiting, stalled, perInstruction } = madeUpAmps;
const madeUp = `the current is made up: ${stalled * 1e3} mA and ${perInstruction * 1e3} mA times instructions per cycle from one fall of the marker to the next, ${waiting * 1e3} mA else; no energy of a board`;
