// SPDX-License-Identifier: Apache-2.0
// The 1200-baud touch: Arduino's and Adafruit's USB ports restart into the boot loader when they are opened at 1200 baud
// and closed with DTR released. The board then leaves the bus and comes back with another port or drive.
import { fail } from '../cli/errors.js';
import { boardsOfUsb, whyDrive } from '../discover/guessBoards.js';
import type { Board } from '../generated/board.js';
import type { Link } from '../link/link.js';
import type { Found } from './chooseWay.js';

export interface TouchOptions<T> {
  open(format: { baud: number }): Promise<Link>;
  /** What has come, once it is there. */
  look(): Promise<T | undefined>;
  timeScale?: number;
  signal?: AbortSignal;
}

const touchBaud = 1200;
const lookEveryMs = 250;
const patienceMs = 10_000;

/** Touches and waits; undefined when nothing came within 10 s. */
export async function touch<T>({ open, look, timeScale = 1, signal }: TouchOptions<T>): Promise<T | undefined> {
  const link = await open({ baud: touchBaud });
  await link.setLines?.({ dtr: false, rts: false });
  await link.close();
  const deadline = performance.now() + patienceMs * timeScale;
  while (performance.now() < deadline && !signal?.aborted) {
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs * timeScale));
    const found = await look();
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What is connected after the touch, and the port that the user named where that is still there. */
export interface AfterTouch {
  found: Found;
  port?: string;
}

export interface TouchRequest {
  look(): Promise<Found>;
  open(port: string, format: { baud: number }): Promise<Link>;
  timeScale?: number;
  signal?: AbortSignal;
}

/**
 * Where a board can only be flashed after a touch and its program runs, touches it. Boards that are in their boot loader
 * already, and ports that are none of this board's, are left alone.
 */
export async function touchIfNeeded(
  board: Board,
  port: string | undefined,
  found: Found,
  options: TouchRequest,
): Promise<AfterTouch> {
  const same = { found, ...(port !== undefined && { port }) };
  const running = runningPorts(board, found).filter((p) => port === undefined || p.path === port);
  if (!board.flash?.some((e) => 'touch' in e && e.touch) || running.length === 0) return same;
  if (port === undefined && inBootLoader(board, found)) return same;
  if (running.length > 1) {
    const list = running.map((p) => p.path);
    return fail('flash.many', { board: board.id, count: list.length, list: list.join('; '), first: list[0] });
  }
  const after = await touch<Found>({
    ...options,
    open: (format) => options.open(running[0].path, format),
    look: async () => {
      const now = await options.look();
      return inBootLoader(board, now) ? now : undefined;
    },
  });
  if (after) return { found: after };
  return fail('flash.silent', {
    board: board.id,
    reason: `nothing came after ${running[0].path} was opened at 1200 baud`,
  });
}

const runningPorts = (board: Board, found: Found) =>
  found.ports.filter((p) => !p.blocked && boardsOfUsb([board], p, ['touch']).length > 0);

function inBootLoader(board: Board, found: Found): boolean {
  const drive = found.drives.some((d) => board.flash?.some((e) => whyDrive(e, d) !== undefined));
  return drive || found.ports.some((p) => boardsOfUsb([board], p, ['boot']).length > 0);
}
