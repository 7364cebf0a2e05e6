// SPDX-License-Identifier: Apache-2.0
// The 1200-baud touch: Arduino's and Adafruit's USB ports restart into the boot loader when they are opened at 1200 baud
// and closed with DTR released. The board then leaves the bus and comes back with another port or drive.
import type { Link } from '../link/link.js';

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
