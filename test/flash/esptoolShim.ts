// SPDX-License-Identifier: Apache-2.0
// Test only: a Link as the W3C serial port that npm's esptool-js wants.
import type { Link, ModemLines } from '../../src/link/link.js';

/** esptool-js changes the speed in place where a port has `setBaudRate`. */
export function w3cPort(link: Link) {
  let lines: ModemLines = { dtr: false, rts: false };
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const early: Uint8Array[] = [];
  link.onData((bytes) => (controller ? controller.enqueue(bytes) : void early.push(bytes)));
  return {
    readable: null as ReadableStream<Uint8Array> | null,
    writable: null as WritableStream<Uint8Array> | null,
    getInfo: () => ({}),
    async open({ baudRate }: { baudRate: number }) {
      await link.setFormat?.({ baud: baudRate });
      this.readable = new ReadableStream<Uint8Array>({
        start: (c) => {
          controller = c;
          for (const bytes of early.splice(0)) c.enqueue(bytes);
        },
        cancel: () => {
          controller = undefined;
        },
      });
      this.writable = new WritableStream<Uint8Array>({ write: (bytes) => link.write(bytes) });
    },
    async close() {
      controller = undefined;
      this.readable = null;
      this.writable = null;
    },
    async setSignals({ dataTerminalReady, requestToSend }: { dataTerminalReady?: boolean; requestToSend?: boolean }) {
      lines = { dtr: dataTerminalReady ?? lines.dtr, rts: requestToSend ?? lines.rts };
      await link.setLines?.(lines);
    },
    setBaudRate: async (baud: number) => link.setFormat?.({ baud }),
  };
}
