// SPDX-License-Identifier: Apache-2.0
// Qoitech's Otii server with one Arc, on a loopback socket, written from the description of its protocol (facts: the
// public otii-tcp-client-python), not from our driver: JSON objects ended by CR LF, answered by their trans_id.
import { createServer, type Server, type Socket } from 'node:net';
import { noise, type Scene } from '../emulated/scene.js';

export interface OtiiServerOptions {
  /** One sample of the scene is one of the main current channel. */
  scene: Scene;
  /** Commands answered with an error of this message. */
  errors?: Record<string, string>;
  /** Commands never answered. */
  silent?: string[];
  /** Sent raw in place of the answer to a command. */
  raw?: Record<string, string>;
  devices?: { device_id: string; name: string; type: string }[];
  /** The socket is cut when this command comes. */
  hangUpAt?: string;
  noGreeting?: boolean;
  /** Devices are only for this account with a reserved licence of these. */
  account?: {
    user: string;
    password: string;
    licences: { id: number; type: string; available: boolean; addons?: object[] }[];
  };
}

interface Request {
  type: string;
  cmd: string;
  trans_id: string;
  data?: Record<string, unknown>;
}

/** What a command does with its data, and answers; a text is an error. */
type Action = (data: Record<string, unknown>) => object | string;

/** The Arc's main current: 4000 values a second; its voltage: 1000. */
export const otiiRateHz = 4000;
const voltageEvery = 4;
const mostValues = 40_000;
const arc = { device_id: 'Arc3101', name: 'Arc', type: 'Arc' };
/** Time of the first value: recordings do not start at a round number. */
const offsetS = 0.00125;

export class OtiiServer {
  readonly commands: string[] = [];
  /** Largest `count` that was asked for. */
  mostAsked = 0;
  volts = 0;
  recording = false;
  mainOn = false;
  readonly channels = new Set<string>();
  readonly reserved = new Set<number>();
  #loggedIn = false;
  readonly #server: Server;
  readonly #options: OtiiServerOptions;
  readonly #sockets = new Set<Socket>();
  readonly #random = noise(99);
  #recorded = false;

  constructor(options: OtiiServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    const data = { otii_version: '3.5.2', protocol_version: '0.3' };
    if (!this.#options.noGreeting) send(socket, { type: 'information', info: 'connected', data });
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('utf8');
      const lines = text.split('\r\n');
      text = lines.pop() ?? '';
      for (const line of lines) this.#answer(socket, JSON.parse(line));
    });
  }

  #answer(socket: Socket, request: Request): void {
    const { cmd, trans_id, data = {} } = request;
    const { errors = {}, silent = [], raw = {}, hangUpAt } = this.#options;
    this.commands.push(cmd);
    if (cmd === hangUpAt) socket.destroy();
    if (raw[cmd] !== undefined) socket.write(raw[cmd].replaceAll('$ID', trans_id));
    if (cmd === hangUpAt || raw[cmd] !== undefined || silent.includes(cmd)) return;
    const action: Action | undefined = this.#actions[cmd];
    const answer = errors[cmd] ?? action?.(data) ?? `unknown command ${cmd}`;
    if (typeof answer === 'string') {
      send(socket, { type: 'error', errorcode: 'Unspecified error', cmd, trans_id, data: { message: answer } });
      return;
    }
    // A long job says how far it is before it answers.
    if (cmd.startsWith('recording_')) send(socket, { type: 'progress', cmd, trans_id, progress_value: 0.5, data: {} });
    send(socket, { type: 'response', cmd, trans_id, data: answer });
  }

  readonly #actions: Record<string, Action> = {
    otii_is_logged_in: () => ({ logged_in: this.#loggedIn }),
    otii_login: ({ username, password }) => {
      const { account } = this.#options;
      this.#loggedIn = username === account?.user && password === account?.password;
      return this.#loggedIn ? {} : 'wrong user or password';
    },
    otii_reserve_license: ({ license_id }) => {
      const licence = this.#options.account?.licences.find((l) => l.id === license_id && l.available);
      if (!this.#loggedIn || !licence) return 'no such licence';
      this.reserved.add(licence.id);
      return {};
    },
    otii_return_license: ({ license_id }) => (this.reserved.delete(Number(license_id)) ? {} : 'not reserved'),
    otii_get_licenses: () => (this.#loggedIn ? { licenses: this.#options.account?.licences ?? [] } : 'not logged in'),
    otii_get_devices: () =>
      this.#options.account && this.reserved.size === 0
        ? 'no licence reserved'
        : { devices: this.#options.devices ?? [arc] },
    otii_get_active_project: () => ({ project_id: -1 }),
    otii_create_project: () => ({ project_id: 1 }),
    arc_add_to_project: () => ({}),
    arc_set_main_voltage: ({ value }) => {
      if (typeof value !== 'number' || value < 0.5 || value > 5) return 'value out of range';
      this.volts = value;
      return {};
    },
    arc_set_max_current: ({ value }) => (typeof value === 'number' && value <= 5 ? {} : 'value out of range'),
    arc_enable_channel: ({ channel, enable }) => {
      if (enable) this.channels.add(String(channel));
      return {};
    },
    arc_set_main: ({ enable }) => {
      this.mainOn = enable === true;
      return {};
    },
    project_start_recording: () => {
      this.recording = true;
      this.#recorded = true;
      return {};
    },
    project_stop_recording: () => {
      this.recording = false;
      return {};
    },
    project_get_last_recording: () =>
      this.#recorded ? { recording_id: 7, name: 'Recording 1' } : { recording_id: -1 },
    recording_get_channel_data_count: ({ channel }) => {
      const count = this.#count(String(channel));
      return count === undefined ? 'no such channel in the recording' : { count };
    },
    recording_get_channel_data: ({ channel, index, count }) =>
      this.#data(String(channel), Number(index), Number(count)),
  };

  #count(channel: string): number | undefined {
    if (!this.channels.has(channel)) return undefined;
    const samples = this.#options.scene.count();
    if (channel === 'mc') return samples;
    if (channel === 'mv') return Math.floor(samples / voltageEvery);
    return channel === 'i1' ? this.#edges().length : 0;
  }

  #data(channel: string, index: number, count: number): object | string {
    const all = this.#count(channel);
    if (all === undefined) return 'no such channel in the recording';
    this.mostAsked = Math.max(this.mostAsked, count);
    if (!(index >= 0 && count > 0 && count <= mostValues && index < all)) return 'index or count out of range';
    const taken = Array.from({ length: Math.min(count, all - index) }, (_, i) => index + i);
    if (channel === 'i1') return { data_type: 'digital', values: taken.map((i) => this.#edges()[i]) };
    const every = channel === 'mv' ? voltageEvery : 1;
    const interval = every / otiiRateHz;
    const { scene } = this.#options;
    // The Arc's current has steps of some 50 nA here.
    const current = (i: number) => Math.floor(scene.at(i).amps / 5e-8 + this.#random()) * 5e-8;
    const values = taken.map((i) => (channel === 'mv' ? this.volts : current(i)));
    return { data_type: 'analog', timestamp: offsetS + index * interval, interval, values };
  }

  /** Changes of the digital input, the level at the start first. */
  #edges(): { timestamp: number; value: boolean }[] {
    const { scene } = this.#options;
    const edges: { timestamp: number; value: boolean }[] = [];
    for (let i = 0; i < scene.count(); i++) {
      const { high } = scene.at(i);
      if (high !== edges.at(-1)?.value) edges.push({ timestamp: offsetS + i / otiiRateHz, value: high });
    }
    return edges;
  }
}

function send(socket: Socket, message: object): void {
  socket.write(`${JSON.stringify(message)}\r\n`);
}
