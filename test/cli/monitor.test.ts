// SPDX-License-Identifier: Apache-2.0
// mote monitor as a user meets it: over a pseudo terminal that goes away and comes back, and over TCP.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '../../src/build/exec.js';
import { encodeFrame } from '../../src/link/frame.js';
import { packageRoot } from '../../src/packageRoot.js';
import { openPty } from '../support/pty.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-monitor-'));
const sockets = new Set<Socket>();
let server: Server;
let tcpPort = 0;

/** Answers each line, `frame` with a frame, `bye` by hanging up. */
beforeAll(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => {
      const line = bytes.toString('latin1');
      socket.write(`got ${JSON.stringify(line)}\r\n`);
      if (line.includes('frame')) socket.write(encodeFrame(Uint8Array.of(0x82, 5, 0)));
      if (line.includes('bye')) socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  tcpPort = (server.address() as AddressInfo).port;
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

class Monitor {
  readonly child: ChildProcess;
  out = '';
  error = '';
  readonly exit: Promise<number | null>;

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [join(packageRoot, 'dist', 'cli', 'main.js'), 'monitor', ...args], {
      stdio: 'pipe',
      cwd: folder,
    });
    this.child.stdout?.on('data', (bytes) => {
      this.out += bytes;
    });
    this.child.stderr?.on('data', (bytes) => {
      this.error += bytes;
    });
    this.exit = new Promise((resolve) => this.child.once('exit', resolve));
  }

  say(text: string): void {
    this.child.stdin?.write(text);
  }

  async shows(text: string): Promise<void> {
    for (let n = 0; n < 600 && !this.out.includes(text); n++) await new Promise((resolve) => setTimeout(resolve, 50));
    if (!this.out.includes(text)) throw new Error(`'${text}' did not come: ${this.out}${this.error}`);
  }
}

describe.skipIf(!findProgram('socat') && !process.env.CI)('monitor on a pseudo terminal', () => {
  it('goes on when the port is back, with a log and times', async () => {
    let pty = await openPty(folder, tcpPort);
    const monitor = new Monitor(
      '--port',
      pty.path,
      '--timestamps',
      '--log',
      'log.txt',
      '--eol',
      'crlf',
      '--until',
      'thrice',
    );
    try {
      monitor.say('once\n');
      await monitor.shows('got "once\\r\\n"');
      await pty.close();
      await monitor.shows('went away');
      pty = await openPty(folder, tcpPort);
      await monitor.shows('is back');
      monitor.say('frame twice\n');
      await monitor.shows('[WRITE 5  done]');
      monitor.say('thrice\n');
      expect(await monitor.exit).toBe(0);
      expect(monitor.out).toMatch(/^\[ +\d+\.\d{3}\] got "once/m);
      expect(readFileSync(join(folder, 'log.txt'), 'utf8')).toBe(monitor.out);
    } finally {
      monitor.child.kill();
      await pty.close();
    }
  });
});

describe('monitor over TCP', () => {
  const port = () => `tcp:127.0.0.1:${tcpPort}`;

  it('works in a pipe, connects again, and gives one object with --json', async () => {
    const monitor = new Monitor('--port', port(), '--json', '--until', 'bye', '--board', 'virtual-m4');
    monitor.say('bye\n');
    expect(await monitor.exit).toBe(0);
    const { data } = JSON.parse(monitor.out);
    expect(data).toMatchObject({ ended: 'until', text: 'got "bye\\n"\n', bytesIn: 13, bytesOut: 4 });
  });

  it('ends as it is told to, with an error where something was waited for', async () => {
    const cases: [string[], number, RegExp][] = [
      [['--timeout', '0.1'], 0, /./],
      [['--timeout', '0.1', '--until', 'never'], 6, /'never' did not come within 0\.1 s; 0 bytes did/],
      [['--eol', 'tab'], 2, /--eol takes cr, lf, crlf, none, not 'tab'/],
      [['--log', 'no/such/folder/x'], 3, /cannot write 'no\/such\/folder\/x'/],
    ];
    for (const [args, code, message] of cases) {
      const monitor = new Monitor('--port', port(), ...args);
      expect([args, await monitor.exit]).toEqual([args, code]);
      expect(monitor.error).toMatch(message);
    }
    const gone = new Monitor('--port', port(), '--no-reconnect', '--hex');
    gone.say('bye\n');
    expect(await gone.exit).toBe(5);
    expect(gone.out).toContain('67 6f 74 20');
    expect(gone.error).toMatch(/it went away/);
    const interrupted = new Monitor('--port', port());
    interrupted.say('x\n');
    await interrupted.shows('got "x');
    interrupted.child.kill('SIGINT');
    expect(await interrupted.exit).toBe(0);
    const nobody = new Monitor('--port', 'tcp:127.0.0.1:1');
    expect(await nobody.exit).toBe(5);
  });
});
