// SPDX-License-Identifier: Apache-2.0
// What one instruction does to the stack and to the flow of control, for the stack bound.

export type Flow =
  | { kind: 'next' }
  | { kind: 'call'; target: number }
  | { kind: 'jump'; target: number }
  | { kind: 'return' }
  | { kind: 'unknown'; what: string };

export interface Effect {
  /** Bytes by which the stack pointer goes down; 0 where it goes up or stays. */
  growBytes: number;
  flow: Flow;
}

/** What is known of registers on the way through a function, in the order of its code. */
export interface Registers {
  /** Constants. */
  constants: Map<number, number>;
  /** Registers that hold the stack pointer less this many bytes. */
  belowStack: Map<number, number>;
}

export const nothing: Effect = { growBytes: 0, flow: { kind: 'next' } };
export const grow = (growBytes: number): Effect => ({ growBytes: Math.max(0, growBytes), flow: { kind: 'next' } });
export const flow = (f: Flow): Effect => ({ growBytes: 0, flow: f });
export const unknown = (what: string): Effect => flow({ kind: 'unknown', what });
export const newRegisters = (): Registers => ({ constants: new Map(), belowStack: new Map() });

export const popCount = (n: number): number => {
  let count = 0;
  for (let rest = n; rest !== 0; rest &= rest - 1) count++;
  return count;
};

/** The low `bits` of n as a two's complement number. */
export const signed = (n: number, bits: number): number => (n << (32 - bits)) >> (32 - bits);
