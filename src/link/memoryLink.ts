// SPDX-License-Identifier: Apache-2.0
// A Link to a function in this process: the RP2040 emulator and the tests' fake boards.
import { Inbox } from './inbox.js';
import { bytesOnly, type Link, type ModemLines, type Parity } from './link.js';

/** The far end: what the near end writes arrives at `onData`, what it sends arrives at the near end. */
export interface FarEnd {
  send(bytes: Uint8Array): void;
  onData(listener: (bytes: Uint8Array) => void): void;
  /** The near end was closed. */
  onClose(listener: () => void): void;
  /** Breaks the link, as a pulled plug would. */
  break(reason: string): void;
}

/** What the far end sees of the near end's adapter; an ability is there when its listener is. */
export interface AdapterListeners {
  onLines?: (lines: ModemLines) => void;
  onFormat?: (format: { baud: number; parity?: Parity }) => void;
}

export function memoryLink(name: string, adapter: AdapterListeners = {}): { near: Link; far: FarEnd } {
  const { onLines, onFormat } = adapter;
  const toNear = new Inbox();
  const toFar = new Inbox();
  const near: Link = {
    name,
    can: onLines || onFormat ? { lines: !!onLines, baud: !!onFormat, parity: !!onFormat } : bytesOnly,
    ...(onLines && { setLines: async (lines: ModemLines) => onLines(lines) }),
    ...(onFormat && { setFormat: async (format: { baud: number; parity?: Parity }) => onFormat(format) }),
    write: async (bytes) => {
      if (toNear.closed !== undefined) throw new Error(toNear.closed);
      toFar.data(bytes.slice());
    },
    onData: (listener) => toNear.onData(listener),
    onClose: (listener) => toNear.onClose(listener),
    close: async () => {
      toFar.close('closed');
      toNear.close('closed');
    },
  };
  const far: FarEnd = {
    send: (bytes) => {
      if (toNear.closed === undefined) toNear.data(bytes.slice());
    },
    onData: (listener) => toFar.onData(listener),
    onClose: (listener) => toFar.onClose(() => listener()),
    break: (reason) => toNear.close(reason),
  };
  return { near, far };
}
