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
  const clock = { nanos: () => 0 };
  const scene = new ChipScene(() => clock.nanos(), ppk2RateHz);
  const chip = await openRp2040(board, image, {
    onPin: (changed, high, nanos) => {
      if (changed === pin) scene.pin(high, nanos);
    },
  });
  clock.nanos = chip.nanos;
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
      const samples = windows.map((_, i) => falls[2 * i + 1] - falls[2 * i]);
      const mean = samples.reduce((sum, s) => sum + s, 0) / samples.length;
      const watts = (madeUpAmps.computing * millivolt) / 1000;
      return {
        edgeSamples: Math.max(...ends.map((end, i) => Math.abs(end - falls[i]))),
        perInferenceJ: (watts * mean) / ppk2RateHz / inferencesPerWindow,
      };
    },
  };
}

const madeUp = `the current is made up: ${madeUpAmps.computing * 1e3} mA from one fall of the marker to the next, ${madeUpAmps.waiting * 1e3} mA else; no energy of a board`;
