// SPDX-License-Identifier: Apache-2.0
// Opens the board: behind the named port, or in its emulator.
import { fail } from '../cli/errors.js';
import type { Board } from '../generated/board.js';
import type { Device } from './device.js';
import type { DeviceTimeouts } from './linkDevice.js';
import { openBoard } from './port.js';
import { startQemu } from './qemu.js';
import { startRp2040 } from './rp2040.js';

export interface StartOptions extends DeviceTimeouts {
  /** A serial port or `tcp:HOST:PORT`; without it the emulator starts `imagePath`. */
  port?: string;
}

export async function startDevice(board: Board, imagePath: string, options: StartOptions = {}): Promise<Device> {
  const { port, ...timeouts } = options;
  if (port !== undefined) return openBoard(board, port, timeouts);
  switch (board.emulator?.kind) {
    case 'qemu':
      return startQemu(board, imagePath, timeouts);
    case 'rp2040js':
      return startRp2040(board, imagePath, timeouts);
    case undefined:
      return fail('device.none', { board: board.id });
  }
}
