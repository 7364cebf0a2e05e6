// SPDX-License-Identifier: Apache-2.0
// The protocol over a Link: one request at a time, repeated until answered, never waiting for ever.
import { fail, MoteError } from '../cli/errors.js';
import { encodeFrame, FrameDecoder } from '../link/frame.js';
import type { Link } from '../link/link.js';
import {
  batchBody,
  type CommandName,
  checkStatus,
  command,
  decodeHello,
  decodeMessage,
  decodeStatus,
  decodeWindow,
  encodeRequest,
  expectLength,
  type Fault,
  FRAME_LIMIT_BYTES,
  type Hello,
  noSession,
  ProtocolError,
  type Response,
  readBody,
  type StatusReply,
  stepBody,
  type TickWindow,
  writeBody,
} from './protocol.js';

export interface SessionOptions {
  /** For messages. */
  board: string;
  /** How long one try of a short request may take; the request is tried 5 times. */
  timeoutMs?: number;
  /** How long RUN or STEP may take in all. */
  runTimeoutMs?: number;
  /** RUN is asked again after this long, then after twice as long …: the firmware remembers its answer. */
  runRetryMs?: number;
  /** How long the board may take to answer for the first time. */
  helloTimeoutMs?: number;
}

const ATTEMPTS = 5;
const TIMEOUT_MS = 2000;
const RUN_TIMEOUT_MS = 120_000;
const HELLO_TIMEOUT_MS = 10_000;
/** Fits between a board's reset and its patience with a first byte that was lost. */
const HELLO_RETRY_MS = 500;
const RUN_RETRY_MS = 4000;

/** When to send a request again, and when to give up. */
interface Patience {
  retryMs: number;
  growth: number;
  totalMs: number;
}

export class Session {
  readonly #link: Link;
  readonly #options: Required<SessionOptions>;
  readonly #decoder = new FrameDecoder(FRAME_LIMIT_BYTES);
  #sequence = 0;
  /** Bytes since the last message: garbage is told from silence by them. */
  #noiseBytes = 0;
  /** What is being done, for messages. */
  #activity = 'before the first request';
  #waiting:
    | { command: number; sequence: number; resolve(response: Response): void; reject(error: Error): void }
    | undefined;
  /** Set once when the board is gone; every later request fails with it. */
  #end: MoteError | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(link: Link, options: SessionOptions) {
    this.#link = link;
    this.#options = {
      board: options.board,
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      runTimeoutMs: options.runTimeoutMs ?? RUN_TIMEOUT_MS,
      runRetryMs: options.runRetryMs ?? RUN_RETRY_MS,
      helloTimeoutMs: options.helloTimeoutMs ?? HELLO_TIMEOUT_MS,
    };
    link.onData((bytes) => this.#receive(bytes));
    link.onClose((reason) => this.#finish(`${reason} ${this.#activity}`));
  }

  async hello(): Promise<Hello> {
    const { timeoutMs, helloTimeoutMs } = this.#options;
    const patience = { retryMs: Math.min(HELLO_RETRY_MS, timeoutMs), growth: 1, totalMs: helloTimeoutMs };
    return this.#ask('hello', undefined, patience, decodeHello);
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    await this.#ask('write', writeBody(offset, bytes), this.#short(), (body) => expectLength('WRITE', body, 0));
  }

  async read(offset: number, count: number): Promise<Uint8Array> {
    return this.#ask('read', readBody(offset, count), this.#short(), (body) => {
      expectLength('READ', body, count);
      return body;
    });
  }

  async run(): Promise<TickWindow> {
    return this.#ask('run', undefined, this.#long(), decodeWindow);
  }

  async step(layer: number): Promise<TickWindow> {
    return this.#ask('step', stepBody(layer), this.#long(), decodeWindow);
  }

  async reset(): Promise<void> {
    await this.#ask('reset', undefined, this.#short(), (body) => expectLength('RESET', body, 0));
  }

  /** So many runs of the model, or of one layer, in one marked window; only firmware with the agent knows it. */
  async batch(times: number, layer?: number): Promise<TickWindow> {
    return this.#ask('batch', batchBody(times, layer), this.#long(), decodeWindow);
  }

  async status(): Promise<StatusReply> {
    return this.#ask('status', undefined, this.#short(), decodeStatus);
  }

  async close(): Promise<void> {
    this.#finish('the connection was closed');
    await this.#link.close();
  }

  #short(): Patience {
    return { retryMs: this.#options.timeoutMs, growth: 1, totalMs: this.#options.timeoutMs * ATTEMPTS };
  }

  #long(): Patience {
    return { retryMs: this.#options.runRetryMs, growth: 2, totalMs: this.#options.runTimeoutMs };
  }

  /** Requests go one after the other, whoever asks. */
  #ask<T>(
    name: CommandName,
    body: Uint8Array | undefined,
    patience: Patience,
    decode: (body: Uint8Array) => T,
  ): Promise<T> {
    const turn = this.#queue.then(() => this.#request(name, body, patience));
    this.#queue = turn.catch(() => undefined);
    return turn.then((response) => this.#decode(name, response, decode));
  }

  #decode<T>(name: CommandName, response: Response, decode: (body: Uint8Array) => T): T {
    const { board } = this.#options;
    if (response.status === noSession)
      return fail('device.reset', { board, when: `before or during ${name.toUpperCase()}` });
    try {
      checkStatus(response);
      return decode(response.body);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return fail('device.protocol', { board, reason: error.message });
    }
  }

  async #request(name: CommandName, body: Uint8Array | undefined, patience: Patience): Promise<Response> {
    if (this.#end) throw this.#end;
    // HELLO has sequence 0, the others 1 to 255: the firmware never takes a HELLO for a repetition.
    const sequence = name === 'hello' ? 0 : (this.#sequence % 255) + 1;
    if (sequence !== 0) this.#sequence = sequence;
    const layer = name === 'step' && body ? ` of layer ${body[0] | (body[1] << 8)}` : '';
    this.#activity = `during ${name.toUpperCase()}${layer}`;
    const frame = encodeFrame(encodeRequest(name, sequence, body));
    const timers = new Set<NodeJS.Timeout>();
    try {
      return await new Promise<Response>((resolve, reject) => {
        this.#waiting = { command: command[name], sequence, resolve, reject };
        timers.add(setTimeout(() => reject(this.#silence(patience.totalMs)), patience.totalMs));
        this.#sendRepeatedly(frame, patience, timers);
      });
    } finally {
      this.#waiting = undefined;
      for (const timer of timers) clearTimeout(timer);
    }
  }

  #sendRepeatedly(frame: Uint8Array, patience: Patience, timers: Set<NodeJS.Timeout>): void {
    let wait = patience.retryMs;
    let busy = false;
    const send = () => {
      timers.add(setTimeout(send, wait));
      wait *= patience.growth;
      if (busy) return; // the bytes of the last try have not even left
      busy = true;
      this.#link.write(frame).then(
        () => {
          busy = false;
        },
        (error: Error) => this.#finish(error.message),
      );
    };
    send();
  }

  #silence(totalMs: number): MoteError {
    const what = this.#noiseBytes > 0 ? `${this.#noiseBytes} bytes came, none of them an answer,` : 'nothing came';
    const reason = `${what} within ${totalMs / 1000} s ${this.#activity}`;
    return new MoteError('device.silent', { board: this.#options.board, reason });
  }

  #receive(bytes: Uint8Array): void {
    this.#noiseBytes += bytes.length;
    for (const payload of this.#decoder.push(bytes)) {
      const message = decodeMessage(payload);
      if (message) this.#noiseBytes = 0;
      if (message?.kind === 'fault') this.#finish(faultText(message, this.#activity));
      else if (message) this.#deliver(message);
    }
  }

  /** Late answers to an earlier try have another sequence or command, or nobody waits: they are dropped. */
  #deliver(response: Response): void {
    const waiting = this.#waiting;
    if (waiting?.command === response.command && waiting.sequence === response.sequence) waiting.resolve(response);
  }

  #finish(reason: string): void {
    this.#end ??= new MoteError('device.fault', { board: this.#options.board, reason });
    this.#waiting?.reject(this.#end);
  }
}

function faultText(fault: Fault, activity: string): string {
  const hex = (value: number) => `0x${value.toString(16).padStart(8, '0')}`;
  return `a fault with cause ${hex(fault.cause)} at ${hex(fault.pc)} ${activity}`;
}
