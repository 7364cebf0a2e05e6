// SPDX-License-Identifier: Apache-2.0
// Test only: one flash run with the faults of a seed, and what must hold of every such run, whatever the protocol is:
// it ends within its time limit, with the image in the flash and verified or with a MoteError of exit 6, and nothing
// outside of the image's erase blocks was erased or written.
import { exitCodes, MoteError } from '../../cli/errors.js';
import type { FlashPart } from '../../device/flashImage.js';
import type { Link } from '../../link/link.js';
import type { EraseBlock, FlashReport } from '../flashMemory.js';
import { faultPlan, planText, type Scenario, scenarioOf, type TransferBytes } from './faultPlan.js';
import { type FaultPlan, faultyLink, noFaults } from './faultyLink.js';
import { outside, type TestBoard } from './testBoard.js';
import { inVirtualTime, type Outcome } from './virtualTime.js';

export interface FaultSubject {
  /** A fresh board, the same each time. */
  makeBoard: () => TestBoard;
  /** Connects and writes `image`: what `mote flash` does once the link is open. */
  flash: (link: Link) => Promise<FlashReport>;
  image: readonly FlashPart[];
  /** All that may be erased or written: the erase blocks that the image touches. */
  allowed: readonly EraseBlock[];
  /** Virtual time within which every run must end. */
  limitMs: number;
}

export interface FaultRun {
  seed: number;
  scenario: Scenario;
  plan: FaultPlan;
  ended: 'written' | 'failed';
  /** Code of the MoteError where it failed. */
  code: string | undefined;
  message: string;
  tookMs: number;
  board: TestBoard;
}

/** MOTE_SEED (the first run's number) or 1. */
export const firstSeed = (): number => Number(process.env.MOTE_SEED ?? 1);

/** Bytes of a run without faults. */
export async function cleanTransfer(subject: FaultSubject): Promise<TransferBytes> {
  const total = { toBoard: 0, toHost: 0 };
  const board = subject.makeBoard();
  const link = faultyLink(board, noFaults);
  const counting: Link = {
    ...link,
    write: (bytes) => {
      total.toBoard += bytes.length;
      return link.write(bytes);
    },
    onData: (listener) =>
      link.onData((bytes) => {
        total.toHost += bytes.length;
        listener(bytes);
      }),
  };
  const outcome = await inVirtualTime(subject.limitMs, () => subject.flash(counting));
  if ('error' in outcome) throw outcome.error;
  return total;
}

/** Runs seed `seed` and throws, with the seed and its faults in the message, where a promise of the head is broken. */
export async function runWithFaults(subject: FaultSubject, seed: number, total: TransferBytes): Promise<FaultRun> {
  const plan = faultPlan(seed, total);
  const board = subject.makeBoard();
  const blame = (what: string): Error => new Error(`MOTE_SEED=${seed} (${planText(plan)}): ${what}`);
  let outcome: Outcome<FlashReport>;
  try {
    outcome = await inVirtualTime(subject.limitMs, () => subject.flash(faultyLink(board, plan)));
  } catch (error) {
    throw blame((error as Error).message);
  }
  const broken = [...recordFaults(subject, board), ...outcomeFaults(subject, board, outcome)];
  if (broken.length > 0) throw blame(broken.join('; '));
  const error = 'error' in outcome ? (outcome.error as MoteError) : undefined;
  const ended: FaultRun['ended'] = error ? 'failed' : 'written';
  const end = { ended, code: error?.code, message: error?.message ?? '', tookMs: outcome.tookMs };
  return { seed, scenario: scenarioOf(seed), plan, ...end, board };
}

function recordFaults(subject: FaultSubject, { record }: TestBoard): string[] {
  return [
    ...outside(record.erased, subject.allowed).map((range) => `${range} were erased`),
    ...outside(record.written, subject.allowed).map((range) => `${range} were written`),
    ...record.forbidden,
  ];
}

function outcomeFaults(subject: FaultSubject, board: TestBoard, outcome: Outcome<FlashReport>): string[] {
  if ('error' in outcome) {
    const { error } = outcome;
    if (error instanceof MoteError && error.exit === exitCodes.flash) return [];
    return [`it ended with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  }
  if (outcome.value.verifiedBy === 'none') return ['it says that nothing was verified'];
  const wrong = subject.image.filter(
    ({ address, bytes }) => Buffer.compare(board.content(address, bytes.length), bytes) !== 0,
  );
  return wrong.map(({ address }) => `it says that all is well, but the flash at 0x${address.toString(16)} differs`);
}
