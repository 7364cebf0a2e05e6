// SPDX-License-Identifier: Apache-2.0
// Telnet as RFC 2217 needs it (RFC 854, 855): data with FF doubled, negotiation of options, subnegotiations.

export const telnet = { se: 240, sb: 250, will: 251, wont: 252, do: 253, dont: 254, iac: 255 } as const;
export const telnetOptions = { binary: 0, echo: 1, suppressGoAhead: 3, comPort: 44 } as const;

export interface TelnetEvents {
  data(bytes: Uint8Array): void;
  /** DO, DONT, WILL or WONT with its option. */
  negotiate(command: number, option: number): void;
  /** What stood between SB and SE, option first. */
  subnegotiation(bytes: Uint8Array): void;
}

/** RFC 2217's longest is a signature text; nobody needs more, and a server that never ends one must not fill memory. */
const mostSubnegotiationBytes = 256;

type State = 'data' | 'iac' | 'option' | 'sub' | 'subIac';

/** Data for the wire: FF doubled. */
export function escapeIac(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(telnet.iac)) return bytes;
  return Uint8Array.from([...bytes].flatMap((b) => (b === telnet.iac ? [b, b] : [b])));
}

/** Takes the stream apart; state lives between calls, so that pieces may be cut anywhere. */
export class TelnetDecoder {
  #state: State = 'data';
  #command = 0;
  #sub: number[] = [];

  constructor(private readonly events: TelnetEvents) {}

  push(bytes: Uint8Array): void {
    const data: number[] = [];
    const flush = () => {
      if (data.length > 0) this.events.data(Uint8Array.from(data.splice(0)));
    };
    for (const byte of bytes) {
      if (this.#state === 'data' && byte !== telnet.iac) data.push(byte);
      else if (this.#state === 'iac' && byte === telnet.iac) {
        data.push(byte);
        this.#state = 'data';
      } else {
        flush();
        this.#state = this.#next(byte);
      }
    }
    flush();
  }

  #next(byte: number): State {
    switch (this.#state) {
      case 'data':
        return 'iac';
      case 'iac':
        return this.#afterIac(byte);
      case 'option':
        this.events.negotiate(this.#command, byte);
        return 'data';
      case 'sub':
        if (byte === telnet.iac) return 'subIac';
        if (this.#sub.length < mostSubnegotiationBytes) this.#sub.push(byte);
        return 'sub';
      case 'subIac':
        if (byte === telnet.iac) {
          this.#sub.push(byte);
          return 'sub';
        }
        if (byte === telnet.se) this.events.subnegotiation(Uint8Array.from(this.#sub));
        return 'data';
    }
  }

  #afterIac(byte: number): State {
    this.#command = byte;
    this.#sub = [];
    if (byte === telnet.sb) return 'sub';
    return byte >= telnet.will && byte <= telnet.dont ? 'option' : 'data';
  }
}
