// SPDX-License-Identifier: Apache-2.0
// A Link to a serial port on another machine, with its baud rate, parity and modem lines (RFC 2217, telnet option 44).
// Every change is confirmed by the server before the call ends.
import type { Socket } from 'node:net';
import { fail } from '../cli/errors.js';
import { Inbox } from './inbox.js';
import type { Link, ModemLines, Parity } from './link.js';
import type { SerialFormat } from './serialLink.js';
import { connectTcp, parseAddress } from './tcpLink.js';
import { escapeIac, TelnetDecoder, telnet, telnetOptions } from './telnet.js';

/** RFC 2217, "Com Port Control": the server confirms with the command + 100. */
const command = { baud: 1, dataSize: 2, parity: 3, stopSize: 4, control: 5, purge: 12 } as const;
const confirmed = 100;
const parityCodes: Record<Parity, number> = { none: 1, odd: 2, even: 3 };
const control = { noFlow: 1, dtrOn: 8, dtrOff: 9, rtsOn: 11, rtsOff: 12 } as const;
const purgeBoth = 3;
const answerTimeoutMs = 3000;

const wanted: readonly number[] = [telnetOptions.binary, telnetOptions.suppressGoAhead, telnetOptions.comPort];

const prefix = 'rfc2217://';
export const isRfc2217 = (port: string): boolean => port.startsWith(prefix);

/** Waits for one thing from the server. */
interface Waiting {
  matches(code: number, body: Uint8Array): boolean;
  resolve(value: Uint8Array): void;
}

export async function openRfc2217Link(port: string, format: SerialFormat, timeoutMs = answerTimeoutMs): Promise<Link> {
  const address = parseAddress(port.slice(prefix.length), port, 'rfc2217://HOST:PORT');
  const socket = await connectTcp(address, port);
  const session = new Session(port, socket, timeoutMs);
  try {
    await session.begin();
    await session.setFormat({ parity: 'none', ...format }, true);
  } catch (error) {
    socket.destroy();
    return fail('device.open', { port, reason: (error as Error).message });
  }
  return {
    name: port,
    can: { lines: true, baud: true, parity: true },
    write: (bytes) => session.send(escapeIac(bytes)),
    onData: (listener) => session.inbox.onData(listener),
    onClose: (listener) => session.inbox.onClose(listener),
    setLines: (lines) => session.setLines(lines),
    setFormat: (wish) => session.setFormat(wish),
    close: async () => void socket.destroy(),
  };
}

class Session {
  readonly inbox = new Inbox();
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #waiting = new Set<Waiting>();
  /** What we have said about an option, so that nothing is agreed upon twice. */
  readonly #said = new Set<string>();

  constructor(name: string, socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    const decoder = new TelnetDecoder({
      data: (bytes) => this.inbox.data(bytes),
      negotiate: (verb, option) => this.#negotiate(verb, option),
      subnegotiation: (bytes) => {
        if (bytes[0] === telnetOptions.comPort) this.#deliver(bytes[1], bytes.subarray(2));
      },
    });
    socket.on('data', (bytes: Buffer) => decoder.push(bytes));
    socket.on('error', (error) => this.inbox.close(error.message));
    socket.on('close', () => this.inbox.close(`${name} closed the connection`));
  }

  /** The server agrees to be an RFC 2217 server, and forgets what came before us. */
  async begin(): Promise<void> {
    const agreed = this.#wait((code) => code === agreement, 'it does not speak RFC 2217');
    for (const option of wanted) await this.#say(telnet.will, option);
    await this.#say(telnet.do, telnetOptions.binary);
    await agreed;
    await this.#ask(command.control, [control.noFlow]);
    await this.#ask(command.purge, [purgeBoth]);
  }

  async setFormat({ baud, parity }: SerialFormat, all = false): Promise<void> {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, baud);
    const answer = await this.#ask(command.baud, [...bytes]);
    const got = answer.length >= 4 ? new DataView(answer.buffer, answer.byteOffset).getUint32(0) : 0;
    if (got !== baud) throw new Error(`the server set ${got} baud instead of ${baud}`);
    if (all) await this.#ask(command.dataSize, [8]);
    if (all) await this.#ask(command.stopSize, [1]);
    if (parity === undefined) return;
    const [set] = await this.#ask(command.parity, [parityCodes[parity]]);
    if (set !== parityCodes[parity]) throw new Error(`the server did not set parity ${parity}`);
  }

  /** Both in one packet; the server takes them one after the other. */
  async setLines({ dtr, rts }: ModemLines): Promise<void> {
    const values = [dtr ? control.dtrOn : control.dtrOff, rts ? control.rtsOn : control.rtsOff];
    const answers = values.map((value) =>
      this.#wait(
        (code, body) => code === command.control + confirmed && body[0] === value,
        'a modem line did not change',
      ),
    );
    await this.send(Uint8Array.from(values.flatMap((value) => subnegotiation(command.control, [value]))));
    await Promise.all(answers);
  }

  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.inbox.closed !== undefined) reject(new Error(this.inbox.closed));
      else this.#socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  async #ask(code: number, values: readonly number[]): Promise<Uint8Array> {
    const answer = this.#wait((c) => c === code + confirmed, `the server did not confirm command ${code}`);
    await this.send(Uint8Array.from(subnegotiation(code, values)));
    return answer;
  }

  #wait(matches: (code: number, body: Uint8Array) => boolean, otherwise: string): Promise<Uint8Array> {
    const answer = new Promise<Uint8Array>((resolve, reject) => {
      const waiting = { matches, resolve: (body: Uint8Array) => end(() => resolve(body)) };
      const end = (then: () => void) => {
        clearTimeout(timer);
        this.#socket.off('close', closed);
        this.#waiting.delete(waiting);
        then();
      };
      const timer = setTimeout(() => end(() => reject(new Error(otherwise))), this.#timeoutMs);
      const closed = () => end(() => reject(new Error(this.inbox.closed ?? 'the connection was closed')));
      this.#socket.on('close', closed);
      this.#waiting.add(waiting);
    });
    answer.catch(() => undefined); // sending may fail before anybody waits
    return answer;
  }

  #deliver(code: number, body: Uint8Array): void {
    for (const waiting of this.#waiting) {
      if (!waiting.matches(code, body)) continue;
      waiting.resolve(body);
      return;
    }
  }

  #negotiate(verb: number, option: number): void {
    if (option === telnetOptions.comPort && (verb === telnet.do || verb === telnet.will))
      this.#deliver(agreement, new Uint8Array());
    const known = wanted.includes(option);
    if (verb === telnet.do) void this.#say(known ? telnet.will : telnet.wont, option);
    if (verb === telnet.will) void this.#say(known || option === telnetOptions.echo ? telnet.do : telnet.dont, option);
  }

  async #say(verb: number, option: number): Promise<void> {
    const key = `${verb} ${option}`;
    if (this.#said.has(key)) return;
    this.#said.add(key);
    await this.send(Uint8Array.of(telnet.iac, verb, option)).catch(() => undefined); // onClose tells of it
  }
}

/** Stands in for a confirmation: the server agreed to option 44. */
const agreement = -1;

function subnegotiation(code: number, values: readonly number[]): number[] {
  const body = escapeIac(Uint8Array.from(values));
  return [telnet.iac, telnet.sb, telnetOptions.comPort, code, ...body, telnet.iac, telnet.se];
}
