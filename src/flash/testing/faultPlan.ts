// SPDX-License-Identifier: Apache-2.0
// Test only: the faults of run number `seed`. All kinds come in turn; where in the transfer they strike is random.
import { xorshift32 } from '../../xorshift.js';
import { type ByteFault, type FaultPlan, noFaults } from './faultyLink.js';

/** Bytes of a transfer without faults, so that faults strike anywhere in it. */
export interface TransferBytes {
  toBoard: number;
  toHost: number;
}

type Random = (below: number) => number;

const longestDelayMs = 3000;

const text = (words: string) => new TextEncoder().encode(words);
const programs = [
  text('Hello from the application, tick 12\r\n'),
  text('yyyy\x1f\x79 temperature 21.5 C\r\n'), // has ACK (0x79) and NACK (0x1f) of AN3155 in it
  Uint8Array.of(0, 0xc0, 1, 8, 0, 0x79, 0xc0, 0xff, 0x7e),
];

function byteFault(kind: ByteFault['kind'], at: number, random: Random): ByteFault {
  if (kind === 'corrupt') return { kind, at, mask: 1 + random(255) };
  if (kind === 'late') return { kind, at, delayMs: 1 + random(longestDelayMs) };
  return { kind, at };
}

const byteKinds = ['drop', 'double', 'corrupt', 'late'] as const;

/** One byte fault in a direction of its own. */
function oneByte(kind: ByteFault['kind'], total: TransferBytes, random: Random): FaultPlan {
  const direction = random(2) === 0 ? 'toBoard' : 'toHost';
  return { ...noFaults, [direction]: [byteFault(kind, random(total[direction]), random)] };
}

const boardFault = (kind: 'refuse' | 'reset' | 'unplug', total: TransferBytes, random: Random): FaultPlan => ({
  ...noFaults,
  board: [{ kind, at: random(total.toBoard) }],
});

/** Several faults at once. */
function mixed(total: TransferBytes, random: Random): FaultPlan {
  const byte = (bytes: number) => byteFault(byteKinds[random(byteKinds.length)], random(bytes), random);
  return {
    toBoard: [byte(total.toBoard)],
    toHost: [byte(total.toHost)],
    board: random(3) === 0 ? [{ kind: 'refuse', at: random(total.toBoard) }] : [],
    noise: Uint8Array.from({ length: random(8) }, () => random(256)),
  };
}

export const scenarios = [...byteKinds, 'refuse', 'reset', 'unplug', 'noise', 'program', 'mixed'] as const;
export type Scenario = (typeof scenarios)[number];

function planOf(scenario: Scenario, total: TransferBytes, random: Random): FaultPlan {
  switch (scenario) {
    case 'refuse':
    case 'reset':
    case 'unplug':
      return boardFault(scenario, total, random);
    case 'noise':
      return { ...noFaults, noise: Uint8Array.from({ length: 1 + random(64) }, () => random(256)) };
    case 'program':
      return { ...noFaults, program: programs[random(programs.length)] };
    case 'mixed':
      return mixed(total, random);
    default:
      return oneByte(scenario, total, random);
  }
}

export const scenarioOf = (seed: number): Scenario => scenarios[seed % scenarios.length];

export function faultPlan(seed: number, total: TransferBytes): FaultPlan {
  const next = xorshift32(Math.imul(seed + 1, 0x9e3779b1));
  for (let i = 0; i < 8; i++) next(); // the first numbers of neighbouring seeds are alike
  return planOf(scenarioOf(seed), total, (below) => next() % below);
}

/** In words, for the message of a failed run. */
export function planText(plan: FaultPlan): string {
  const bytes = (name: string, faults: readonly ByteFault[]) =>
    faults.map((f) => `${f.kind} byte ${f.at} to the ${name}`);
  return [
    ...bytes('board', plan.toBoard),
    ...bytes('host', plan.toHost),
    ...plan.board.map((f) => `${f.kind} before byte ${f.at} to the board`),
    ...(plan.noise.length > 0 ? [`${plan.noise.length} bytes of noise`] : []),
    ...(plan.program ? ['another program runs'] : []),
  ].join(', ');
}
