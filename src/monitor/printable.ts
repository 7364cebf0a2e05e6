// SPDX-License-Identifier: Apache-2.0
// Bytes of a board as text that a terminal may be given: UTF-8 as it is, what is none or would move the cursor as `\xNN`.

const newline = 0x0a;
const carriageReturn = 0x0d;
const tab = 0x09;

/** Controls, marks that change the direction of text, line separators, and what Unicode has not assigned. */
const unshown = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/u;

const hex = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;

/** Length of the UTF-8 sequence that this byte begins (RFC 3629, section 4); 0 where it begins none. */
function sequenceBytes(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/** CR LF and a lone CR are one new line. Takes any cut of a stream. */
export class Printable {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #held: number[] = [];
  #afterReturn = false;

  push(bytes: Uint8Array): string {
    const all = [...this.#held, ...bytes];
    this.#held = [];
    let text = '';
    for (let at = 0; at < all.length; ) {
      const wanted = sequenceBytes(all[at]);
      if (wanted > all.length - at && this.#mayContinue(all, at)) {
        this.#held = all.slice(at);
        break;
      }
      const shown = wanted > 0 ? this.#show(all.slice(at, at + wanted)) : undefined;
      text += shown ?? hex(all[at]);
      at += shown === undefined ? 1 : wanted;
    }
    return text;
  }

  /** What waits for the rest of a character that did not come. */
  flush(): string {
    const text = this.#held.map(hex).join('');
    this.#held = [];
    return text;
  }

  #mayContinue(all: readonly number[], at: number): boolean {
    return all.slice(at + 1).every((byte) => (byte & 0xc0) === 0x80);
  }

  #show(sequence: readonly number[]): string | undefined {
    const [byte] = sequence;
    const swallowed = this.#afterReturn && byte === newline;
    this.#afterReturn = byte === carriageReturn;
    if (swallowed) return '';
    if (byte === newline || byte === carriageReturn) return '\n';
    if (byte === tab) return '\t';
    try {
      const character = this.#decoder.decode(Uint8Array.from(sequence));
      return unshown.test(character) ? sequence.map(hex).join('') : character;
    } catch {
      return undefined;
    }
  }
}
