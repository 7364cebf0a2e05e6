// SPDX-License-Identifier: Apache-2.0
// A byte link to a device: a serial port, a TCP socket, an emulator's pipe or a function in this process.

export type Parity = 'none' | 'even' | 'odd';

/** Modem lines as the adapter drives them: true = asserted = the pin is at 0 V. */
export interface ModemLines {
  dtr: boolean;
  rts: boolean;
}

/** What a link can do besides bytes. A protocol that needs more fails with link.lacks before it sends anything. */
export interface LinkAbilities {
  lines: boolean;
  baud: boolean;
  parity: boolean;
}

export const bytesOnly: LinkAbilities = { lines: false, baud: false, parity: false };

export interface Link {
  /** For messages: `/dev/ttyACM0`, `tcp:127.0.0.1:4000`, `qemu:mps2-an386`. */
  readonly name: string;
  readonly can: LinkAbilities;
  /** Ends when the last byte is on the wire, as far as the link can know. */
  write(bytes: Uint8Array): Promise<void>;
  /** One listener at a time; bytes that came before the first listener are kept for it. */
  onData(listener: (bytes: Uint8Array) => void): void;
  /** Called once, when the other side is gone; reason in words. */
  onClose(listener: (reason: string) => void): void;
  /** Both lines at once, in one step where the system allows it. Only where `can.lines`. */
  setLines?(lines: ModemLines): Promise<void>;
  /** Only where `can.baud`, and with `parity` only where `can.parity`. Lines keep their state. */
  setFormat?(format: { baud: number; parity?: Parity }): Promise<void>;
  close(): Promise<void>;
}
