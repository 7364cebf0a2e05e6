// SPDX-License-Identifier: Apache-2.0
// A device whose every request ends as soon as the user interrupts, whatever the board is doing.
import { MoteError } from '../cli/errors.js';
import type { Device } from './device.js';

export const interrupted = (state: string): MoteError => new MoteError('run.interrupted', { state });

/** The device alone is told: what its requests fail with is for those to keep who measure. */
export function interruptible(device: Device, signal: AbortSignal): Device {
  const stop = () => interrupted('; what was measured before is kept');
  const until = async <T>(work: () => Promise<T>): Promise<T> => {
    if (signal.aborted) throw stop();
    let onAbort = () => {};
    const abort = new Promise<never>((_, reject) => {
      onAbort = () => reject(stop());
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([work(), abort]);
    } catch (error) {
      // An emulator in the same terminal hears the same Ctrl-C, and may be gone before this is.
      throw signal.aborted && error instanceof MoteError ? stop() : error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  };
  const { batch } = device;
  return {
    ...device,
    write: (offset, bytes) => until(() => device.write(offset, bytes)),
    read: (offset, count) => until(() => device.read(offset, count)),
    run: () => until(() => device.run()),
    step: (index) => until(() => device.step(index)),
    reset: () => until(() => device.reset()),
    ...(batch && { batch: (times: number, layer?: number) => until(() => batch(times, layer)) }),
    status: () => until(() => device.status()),
  };
}
