// SPDX-License-Identifier: Apache-2.0
// A byte link to a device: a serial port, a TCP socket, an emulator's pipe or a function in this process.

export interface Link {
  /** For messages: `/dev/ttyACM0`, `tcp:127.0.0.1:4000`, `qemu:mps2-an386`. */
  readonly name: string;
  write(bytes: Uint8Array): Promise<void>;
  /** One listener at a time; bytes that came before the first listener are kept for it. */
  onData(listener: (bytes: Uint8Array) => void): void;
  /** Called once, when the other side is gone; reason in words. */
  onClose(listener: (reason: string) => void): void;
  close(): Promise<void>;
}
