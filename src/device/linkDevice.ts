// SPDX-License-Identifier: Apache-2.0
// A Device behind a Link: asks the firmware who it is, cuts transfers into chunks, turns ticks into counts.
import { fail } from '../cli/errors.js';
import type { Board } from '../generated/board.js';
import type { Link } from '../link/link.js';
import type { Device, DeviceInfo, Window } from './device.js';
import type { Hello, TickWindow } from './protocol.js';
import { Session, type SessionOptions } from './session.js';

export type DeviceTimeouts = Omit<SessionOptions, 'board'>;

/** An emulator's wire loses nothing, but a busy machine may starve it for seconds. */
export const emulatorTimeouts: DeviceTimeouts = { timeoutMs: 10_000, helloTimeoutMs: 30_000 };

/** What one tick of the firmware's counter is worth. */
export interface CountScale {
  unit: DeviceInfo['counter']['unit'];
  numerator: number;
  denominator: number;
}

/** On an emulator ticks stand for instructions as the board file says; on silicon they are what the firmware says. */
export function countScale(
  board: Board,
  hello: Pick<Hello, 'counterKind' | 'clockHz' | 'counterHz'>,
  source: DeviceInfo['counter']['source'],
): CountScale {
  if (source === 'emulated' && board.emulator?.kind === 'qemu') {
    return { unit: 'instructions', ...board.emulator.instructionsPerTick };
  }
  if (hello.counterKind === 'ticks') {
    return hello.counterHz === 0 ? noCount : { unit: 'cycles', numerator: hello.clockHz, denominator: hello.counterHz };
  }
  return hello.counterKind === 'none' ? noCount : { unit: hello.counterKind, numerator: 1, denominator: 1 };
}

const noCount: CountScale = { unit: 'none', numerator: 0, denominator: 1 };

/** Greets the firmware behind `link`; closes the link when that fails. */
export async function openLinkDevice(
  link: Link,
  board: Board,
  source: DeviceInfo['counter']['source'],
  timeouts: DeviceTimeouts = {},
): Promise<Device> {
  const session = new Session(link, { board: board.id, ...timeouts });
  try {
    const hello = await session.hello();
    const { emptyTicks } = await session.status();
    return linkDevice(session, hello, board, { source, emptyTicks });
  } catch (error) {
    await session.close();
    throw error;
  }
}

function linkDevice(
  session: Session,
  hello: Hello,
  board: Board,
  counter: { source: DeviceInfo['counter']['source']; emptyTicks: number },
): Device {
  const scale = countScale(board, hello, counter.source);
  // Rounded one by one: where an instruction takes two ticks or more, both roundings are exact, and so the difference.
  const toCount = (ticks: number) => Math.round((ticks * scale.numerator) / scale.denominator);
  const emptyCount = toCount(counter.emptyTicks);
  const toWindow = ({ result, ticks, guardIntact }: TickWindow): Window => ({
    result,
    count: Math.max(0, toCount(ticks) - emptyCount),
    guardIntact,
  });
  const chunks = (offset: number, bytes: number) => {
    checkRange(board.id, hello.arenaBytes, offset, bytes);
    return chunksOf(offset, bytes, hello.chunkBytes);
  };
  return {
    info: {
      board: board.id,
      model: hello.model,
      hash: hello.hash,
      layers: hello.layers,
      arenaBytes: hello.arenaBytes,
      clockHz: hello.clockHz,
      counter: { unit: scale.unit, source: counter.source },
      emptyWindow: emptyCount,
    },
    async write(offset, bytes) {
      for (const [at, count] of chunks(offset, bytes.length)) {
        await session.write(at, bytes.subarray(at - offset, at - offset + count));
      }
    },
    async read(offset, count) {
      const out = new Uint8Array(count);
      for (const [at, n] of chunks(offset, count)) out.set(await session.read(at, n), at - offset);
      return out;
    },
    run: async () => toWindow(await session.run()),
    step: async (index) => toWindow(await session.step(index)),
    reset: () => session.reset(),
    batch: async (times, layer) => toWindow(await session.batch(times, layer)),
    status: async () => {
      const { emptyTicks: _, ...status } = await session.status();
      return status;
    },
    close: () => session.close(),
  };
}

/** A pack whose places do not fit the firmware's arena belongs to another firmware. */
export function checkRange(board: string, arenaBytes: number, offset: number, bytes: number): void {
  if (offset >= 0 && bytes >= 0 && offset + bytes <= arenaBytes) return;
  fail('device.protocol', {
    board,
    reason: `its arena of ${arenaBytes} bytes has no bytes ${offset} to ${offset + bytes}`,
  });
}

function chunksOf(offset: number, bytes: number, chunkBytes: number): [offset: number, bytes: number][] {
  const chunks: [number, number][] = [];
  for (let done = 0; done < bytes; done += chunkBytes) chunks.push([offset + done, Math.min(chunkBytes, bytes - done)]);
  return chunks;
}
