// SPDX-License-Identifier: Apache-2.0
// A port that is opened again whenever it went away and is back.
import { MoteError } from '../cli/errors.js';
import type { Link } from '../link/link.js';

export interface SteadyOptions {
  /** Opens the port where it is now; a MoteError means: not yet. */
  open(): Promise<Link>;
  onData(bytes: Uint8Array): void;
  onLost(reason: string): void;
  onBack(name: string): void;
  retryMs?: number;
}

export interface SteadyPort {
  /** Nothing is kept for a port that is away: false. */
  write(bytes: Uint8Array): Promise<boolean>;
  close(): Promise<void>;
}

const usualRetryMs = 250;

/** `first` is open already: that a port cannot be opened at all is the caller's to say. */
export function steadyPort(first: Link, options: SteadyOptions): SteadyPort {
  const { retryMs = usualRetryMs } = options;
  let link: Link | undefined;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const attach = (opened: Link) => {
    link = opened;
    opened.onData((bytes) => options.onData(bytes));
    opened.onClose((reason) => {
      if (link !== opened) return;
      link = undefined;
      if (closed) return;
      options.onLost(reason);
      void opened.close().catch(() => undefined);
      timer = setTimeout(again, retryMs);
    });
  };
  const again = () => {
    options.open().then(
      (opened) => {
        if (closed) return void opened.close();
        options.onBack(opened.name);
        attach(opened);
      },
      (error: unknown) => {
        if (!(error instanceof MoteError)) throw error;
        if (!closed) timer = setTimeout(again, retryMs);
      },
    );
  };
  attach(first);
  return {
    write: async (bytes) => {
      const there = link;
      if (!there) return false;
      return there.write(bytes).then(
        () => true,
        () => false,
      );
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await link?.close();
    },
  };
}
