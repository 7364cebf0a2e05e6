// SPDX-License-Identifier: Apache-2.0
// The console of a board as bytes: behind the named port, or of its emulator running an image.
import { fail } from '../cli/errors.js';
import type { Board } from '../generated/board.js';
import type { Link } from '../link/link.js';
import { openConsolePort } from './consolePort.js';
import { openQemuLink } from './qemu.js';
import { openRp2040 } from './rp2040.js';

export async function openConsole(board: Board, imagePath: string, port: string | undefined): Promise<Link> {
  if (port !== undefined) return openConsolePort(board, port);
  switch (board.emulator?.kind) {
    case 'qemu':
      return openQemuLink(board, { elf: imagePath });
    case 'rp2040js':
      return (await openRp2040(board, imagePath)).link;
    case undefined:
      return fail('device.none', { board: board.id });
  }
}
