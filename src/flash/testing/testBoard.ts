// SPDX-License-Identifier: Apache-2.0
// Test only: what an emulated boot loader gives to the tests of its protocol, whatever the protocol is.
import type { Link } from '../../link/link.js';

export interface Range {
  address: number;
  bytes: number;
}

/** What was done to the flash, in order. Reads are not listed. */
export interface FlashRecord {
  readonly erased: Range[];
  readonly written: Range[];
  /** What a boot loader must never be asked for: protection changed, fuses burnt, options written. In words. */
  readonly forbidden: string[];
}

export interface TestBoard {
  /** The end that mote opens. */
  readonly link: Link;
  readonly record: FlashRecord;
  /** What the flash holds now. */
  content(address: number, count: number): Uint8Array;
  /** Bytes to the host that no command asked for. */
  say(bytes: Uint8Array): void;
  /** The next answer is the protocol's no (a NACK, an error status). */
  refuseNext(): void;
  /** The reset pin, with the board still strapped to its boot loader: the flash stays, all else is forgotten. */
  reset(): void;
  /** From here on the board runs its program: it does not hear the boot loader's commands and prints now and then. */
  runProgram(output: Uint8Array): void;
  /** The plug is pulled. */
  unplug(): void;
}

/** The ranges that do not lie within one of `allowed`, in words. */
export function outside(ranges: readonly Range[], allowed: readonly Range[]): string[] {
  const inside = (r: Range) =>
    allowed.some((a) => r.address >= a.address && r.address + r.bytes <= a.address + a.bytes);
  return ranges.filter((r) => !inside(r)).map((r) => `${r.bytes} bytes at 0x${r.address.toString(16)}`);
}
