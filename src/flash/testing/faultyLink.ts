// SPDX-License-Identifier: Apache-2.0
// Test only: a link on which the faults of a plan happen, each at its byte. The same plan gives the same run.
import { Inbox } from '../../link/inbox.js';
import type { Link } from '../../link/link.js';
import type { TestBoard } from './testBoard.js';

/** What happens to one byte of a direction. `late`: it and all after it come `delayMs` later. */
export type ByteFault = { at: number } & (
  | { kind: 'drop' }
  | { kind: 'double' }
  | { kind: 'corrupt'; mask: number }
  | { kind: 'late'; delayMs: number }
);

/** What happens to the board just before byte `at` toward it arrives. */
export interface BoardFault {
  at: number;
  kind: 'refuse' | 'reset' | 'unplug';
}

export interface FaultPlan {
  toBoard: readonly ByteFault[];
  toHost: readonly ByteFault[];
  board: readonly BoardFault[];
  /** On the line before the first command. */
  noise: Uint8Array;
  /** The board runs its program instead of the boot loader, and prints this. */
  program?: Uint8Array;
}

export const noFaults: FaultPlan = { toBoard: [], toHost: [], board: [], noise: new Uint8Array(0) };

export function faultyLink(board: TestBoard, plan: FaultPlan): Link {
  const inbox = new Inbox();
  const toHost = lane(plan.toHost, (bytes) => inbox.data(bytes));
  const { link } = board;
  link.onData((bytes) => void toHost(bytes));
  link.onClose((reason) => inbox.close(reason));
  const toBoard = lane(plan.toBoard, (bytes) => link.write(bytes));
  const events = [...plan.board].sort((a, b) => a.at - b.at);
  let sent = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    let from = 0;
    for (; events.length > 0 && events[0].at < sent + bytes.length; events.shift()) {
      const to = Math.max(from, events[0].at - sent);
      await toBoard(bytes.subarray(from, to));
      from = to;
      happen(board, events[0].kind);
    }
    await toBoard(bytes.subarray(from));
    sent += bytes.length;
  };
  if (plan.program) board.runProgram(plan.program);
  if (plan.noise.length > 0) board.say(plan.noise);
  return {
    ...link,
    write,
    onData: (listener) => inbox.onData(listener),
    onClose: (listener) => inbox.onClose(listener),
  };
}

function happen(board: TestBoard, kind: BoardFault['kind']): void {
  if (kind === 'refuse') board.refuseNext();
  else if (kind === 'reset') board.reset();
  else board.unplug();
}

/** One direction: counts the bytes, hurts those of the plan, keeps their order. Done when all of `bytes` are through. */
function lane(faults: readonly ByteFault[], deliver: (bytes: Uint8Array) => void | Promise<void>) {
  const at = new Map(faults.map((f) => [f.at, f]));
  let count = 0;
  let queue: Promise<void> | undefined;
  const pass = async (bytes: Uint8Array): Promise<void> => {
    let run: number[] = [];
    for (const byte of bytes) {
      const fault = at.get(count++);
      if (fault?.kind === 'late') {
        if (run.length > 0) await deliver(Uint8Array.from(run));
        run = [];
        await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
      }
      run.push(...hurt(byte, fault));
    }
    if (run.length > 0) await deliver(Uint8Array.from(run));
  };
  return (bytes: Uint8Array): Promise<void> => {
    const copy = bytes.slice();
    const mine: Promise<void> = (queue ?? Promise.resolve()).then(() => pass(copy));
    queue = mine.catch(() => undefined);
    return mine;
  };
}

function hurt(byte: number, fault: ByteFault | undefined): number[] {
  if (fault?.kind === 'drop') return [];
  if (fault?.kind === 'double') return [byte, byte];
  return [fault?.kind === 'corrupt' ? byte ^ fault.mask : byte];
}
