// SPDX-License-Identifier: Apache-2.0
import { open } from 'node:fs/promises';
import { listBoards, loadBoard } from '../../build/boards.js';
import { openConsolePort } from '../../device/consolePort.js';
import { boardsOfUsb } from '../../discover/guessBoards.js';
import { systemRoots } from '../../discover/roots.js';
import { listPorts } from '../../discover/serialPorts.js';
import type { Board } from '../../generated/board.js';
import type { Link } from '../../link/link.js';
import { openLink } from '../../link/openLink.js';
import { identityOf, pathNow } from '../../monitor/followPort.js';
import { Screen } from '../../monitor/screen.js';
import { type SteadyPort, steadyPort } from '../../monitor/steadyPort.js';
import { type CommandSpec, type OptionValues, text } from '../command.js';
import { fail, MoteError } from '../errors.js';
import { openKeyboard } from '../keyboard.js';
import { numberOption } from '../numberOption.js';

const usualBaud = 115_200;
/** A frame comes in one go; what is held back longer than this is none. */
const quietMs = 100;
const lineEnds: Record<string, string> = { cr: '\r', lf: '\n', crlf: '\r\n', none: '' };
/** Ctrl-C and Ctrl-], by which terminal programs are left. */
const exitKeys: ReadonlySet<number> = new Set([0x03, 0x1d]);

interface Settings {
  board: Board | undefined;
  port: string;
  baud: number;
  lineEnd: string;
  stamps: boolean;
  hex: boolean;
  reconnect: boolean;
  log: string | undefined;
  until: string | undefined;
  timeoutMs: number | undefined;
}

async function settingsOf(options: OptionValues): Promise<Settings> {
  const id = text(options, 'board');
  const board = id === undefined ? undefined : loadBoard(id);
  const eol = text(options, 'eol') ?? 'lf';
  if (!Object.hasOwn(lineEnds, eol))
    fail('usage.option', { option: 'eol', expected: Object.keys(lineEnds).join(', '), got: eol });
  const timeout = text(options, 'timeout');
  return {
    board,
    port: text(options, 'port') ?? (await onlyPort(board)),
    baud: numberOption(options, 'baud', 'baud', board?.console.baud ?? usualBaud, 1),
    lineEnd: lineEnds[eol],
    stamps: options.timestamps === true,
    hex: options.hex === true,
    reconnect: options.reconnect !== false,
    log: text(options, 'log'),
    until: text(options, 'until'),
    timeoutMs: timeout === undefined ? undefined : 1000 * numberOption(options, 'timeout', 'timeout', 0, 0.001),
  };
}

/** The one port that the board, or any board that mote knows, can be on. */
async function onlyPort(board: Board | undefined): Promise<string> {
  const boards = board ? [board] : listBoards();
  const ports = (await listPorts(systemRoots())).filter((p) => boardsOfUsb(boards, p, ['console', 'touch']).length > 0);
  const name = board?.id ?? 'a board';
  if (ports.length === 1) return ports[0].path;
  if (ports.length === 0) return fail('flash.none', { board: name, what: 'serial ports with its USB ids' });
  return fail('flash.many', {
    count: ports.length,
    board: name,
    list: ports.map((p) => p.path).join(', '),
    first: ports[0].path,
  });
}

const opener =
  ({ board, baud }: Settings) =>
  (port: string): Promise<Link> =>
    board ? openConsolePort({ ...board, console: { ...board.console, baud } }, port) : openLink(port, { baud });

/** Opens the port again where it is by then: by the USB serial number, if it has one. */
async function follower(settings: Settings): Promise<() => Promise<Link>> {
  const roots = systemRoots();
  const identity = identityOf(settings.port, await listPorts(roots));
  const openAt = opener(settings);
  return async () => {
    const path = pathNow(identity, identity.vid === undefined ? [] : await listPorts(roots));
    return path === undefined ? fail('device.open', { port: settings.port, reason: 'it is not back' }) : openAt(path);
  };
}

type Ended = 'key' | 'interrupt' | 'until' | 'timeout' | 'gone';

/** What came and how it ended. */
interface Heard {
  ended: Ended;
  text: string;
  bytesIn: number;
  bytesOut: number;
  reconnects: number;
}

interface Log {
  add(text: string): void;
  close(): Promise<void>;
}

async function openLog(path: string | undefined): Promise<Log | undefined> {
  if (path === undefined) return undefined;
  const refuse = (error: NodeJS.ErrnoException) => fail('file.write', { path, reason: error.code ?? error.message });
  const file = await open(path, 'a').catch(refuse);
  let written: Promise<void> = Promise.resolve();
  return {
    // One after the other, as they came; the first that fails ends it and is said at the end.
    add: (text) => {
      written = written.then(() => file.appendFile(text));
      written.catch(() => undefined);
    },
    close: async () => {
      await written.catch(refuse).finally(() => file.close());
    },
  };
}

interface Watched {
  first: Link;
  reopen: () => Promise<Link>;
  settings: Settings;
  screen: Screen;
  signal: AbortSignal | undefined;
}

/** Until a key, a signal, the text that is waited for, the time or the port's going ends it. */
function watch({ first, reopen, settings, screen, signal }: Watched): Promise<Heard> {
  const { reconnect, until, timeoutMs, lineEnd } = settings;
  const counts = { bytesIn: 0, bytesOut: 0, reconnects: 0 };
  return new Promise((resolve) => {
    let ended: Ended | undefined;
    let quiet: NodeJS.Timeout | undefined;
    const finish = (how: Ended) => {
      if (ended === undefined) queueMicrotask(close);
      ended ??= how;
    };
    const onAbort = () => finish('interrupt');
    const port = steadyPort(first, {
      open: reopen,
      onData: (bytes) => {
        counts.bytesIn += bytes.length;
        screen.bytes(bytes);
        clearTimeout(quiet);
        quiet = setTimeout(() => screen.quiet(), quietMs);
        if (until !== undefined && screen.heard.includes(until)) finish('until');
      },
      onLost: (reason) => {
        screen.notice(`${first.name} went away: ${reason}${reconnect ? '; waiting for it to come back' : ''}`);
        if (!reconnect) finish('gone');
      },
      onBack: (name) => {
        counts.reconnects++;
        screen.notice(`${name} is back`);
      },
    });
    const keyboard = openKeyboard((bytes) => {
      if (keyboard.isTerminal && bytes.some((b) => exitKeys.has(b))) return finish('key');
      void send(port, bytes, lineEnd).then((sent) => {
        counts.bytesOut += sent;
      });
    });
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => finish('timeout'), timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    function close(): void {
      clearTimeout(timer);
      clearTimeout(quiet);
      keyboard.close();
      signal?.removeEventListener('abort', onAbort);
      screen.end();
      void port.close().then(() => resolve({ ended: ended ?? 'key', text: screen.heard, ...counts }));
    }
  });
}

/** Return and new line become what the board's program takes as a line's end. */
async function send(port: SteadyPort, bytes: Uint8Array, lineEnd: string): Promise<number> {
  const words = Buffer.from(bytes)
    .toString('latin1')
    .replace(/\r\n|\r|\n/g, lineEnd);
  const outgoing = Buffer.from(words, 'latin1');
  return (await port.write(outgoing)) ? outgoing.length : 0;
}

export const monitor: CommandSpec = {
  name: 'monitor',
  summary: "console of a board that reconnects; the firmware's framed messages in words",
  stopsGently: true,
  arguments: [],
  options: [
    {
      flags: '--board <id>',
      text: 'its baud and modem lines; mote boards lists them (default: 115200 baud, lines as they are)',
    },
    {
      flags: '--port <path>',
      text: 'serial port, tcp:HOST:PORT or rfc2217://HOST:PORT (default: the only one that a board can be on)',
    },
    { flags: '--baud <n>', text: "instead of the board's" },
    { flags: '--timestamps', text: 'seconds since the start before each line' },
    { flags: '--hex', text: 'all bytes in hexadecimal (default: text, unprintable bytes as \\xNN)' },
    { flags: '--eol <which>', text: `what Return sends: ${Object.keys(lineEnds).join(', ')} (default lf)` },
    { flags: '--log <file>', text: 'append all that is shown to a file' },
    { flags: '--until <text>', text: 'end when this text came' },
    { flags: '--timeout <s>', text: 'end after so many seconds; with --until that is an error' },
    { flags: '--no-reconnect', text: 'end when the port goes away' },
  ],
  async run(_args, options, out) {
    const settings = await settingsOf(options);
    const log = await openLog(settings.log);
    try {
      const first = await opener(settings)(settings.port);
      out.step(`-- ${first.name}, ${settings.baud} baud; Ctrl-] or Ctrl-C ends`);
      const show = (shown: string) => {
        out.stream(shown);
        log?.add(shown);
      };
      const { stamps, hex } = settings;
      const screen = new Screen({ stamps, hex, show });
      const heard = await watch({ first, reopen: await follower(settings), settings, screen, signal: out.signal });
      return { data: { port: settings.port, ...heard }, lines: [], ...errorOf(heard, settings) };
    } finally {
      await log?.close();
    }
  },
};

function errorOf({ ended, bytesIn }: Heard, { port, until, timeoutMs = 0 }: Settings): { error?: MoteError } {
  if (ended === 'gone') return { error: new MoteError('device.open', { port, reason: 'it went away' }) };
  if (ended !== 'timeout' || until === undefined) return {};
  const reason = `'${until}' did not come within ${timeoutMs / 1000} s; ${bytesIn} bytes did`;
  return { error: new MoteError('device.silent', { board: port, reason }) };
}
