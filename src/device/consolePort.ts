// SPDX-License-Identifier: Apache-2.0
// The port on which a board's firmware speaks. Opening a serial port asserts DTR and RTS (Linux): where a board's reset
// hangs on one of them, its file says how the lines must be for the firmware to run.
import { fail } from '../cli/errors.js';
import type { Board } from '../generated/board.js';
import type { Link } from '../link/link.js';
import { openLink } from '../link/openLink.js';

export type OpenPort = (port: string, format: { baud: number }) => Promise<Link>;

/** A link without lines opens as it is: what is behind it holds them. */
export async function openConsolePort(board: Board, port: string, open: OpenPort = openLink): Promise<Link> {
  const { baud, lines } = board.console;
  const link = await open(port, { baud });
  if (!lines || !link.can.lines) return link;
  try {
    await link.setLines?.(lines);
    return link;
  } catch (error) {
    await link.close();
    return fail('device.open', { port, reason: `its lines cannot be set: ${(error as Error).message}` });
  }
}
