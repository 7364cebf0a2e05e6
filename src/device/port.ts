// SPDX-License-Identifier: Apache-2.0
// A real board behind a serial port or a TCP serial server, already running its firmware.
import type { Board } from '../generated/board.js';
import { openConsolePort } from './consolePort.js';
import type { Device } from './device.js';
import { type DeviceTimeouts, openLinkDevice } from './linkDevice.js';

export async function openBoard(board: Board, port: string, timeouts: DeviceTimeouts = {}): Promise<Device> {
  const link = await openConsolePort(board, port);
  return openLinkDevice(link, board, isVirtual(board) ? 'emulated' : 'measured', timeouts);
}

/** QEMU's machines stand for no silicon: whatever the port is, an emulator is behind it. */
const isVirtual = (board: Board): boolean => board.emulator?.kind === 'qemu';
