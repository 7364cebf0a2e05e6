// SPDX-License-Identifier: Apache-2.0
// The listening half of every Link: keeps bytes for the first listener and tells of the end once.

export class Inbox {
  #listener: ((bytes: Uint8Array) => void) | undefined;
  #closeListener: ((reason: string) => void) | undefined;
  #early: Uint8Array[] = [];
  #reason: string | undefined;

  onData(listener: (bytes: Uint8Array) => void): void {
    this.#listener = listener;
    for (const bytes of this.#early.splice(0)) listener(bytes);
  }

  onClose(listener: (reason: string) => void): void {
    this.#closeListener = listener;
    if (this.#reason !== undefined) listener(this.#reason);
  }

  /** Why the link is closed, or undefined while it is open. */
  get closed(): string | undefined {
    return this.#reason;
  }

  data(bytes: Uint8Array): void {
    if (this.#listener) this.#listener(bytes);
    else this.#early.push(bytes);
  }

  close(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#closeListener?.(reason);
  }
}
