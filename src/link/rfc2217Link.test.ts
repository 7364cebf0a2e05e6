// SPDX-License-Identifier: Apache-2.0
// The client against Debian's pyserial server, and against servers that are none.
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { playSequence } from '../flash/resetSequence.js';
import { openLink } from './openLink.js';
import { openRfc2217Link } from './rfc2217Link.js';
import { escapeIac, TelnetDecoder } from './telnet.js';

const python = '/usr/bin/python3';
const hasPyserial = spawnSync(python, ['-c', 'import serial.rfc2217']).status === 0;
const script = fileURLToPath(new URL('testing/rfc2217_server.py', import.meta.url));
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** The port of a fresh pyserial server, and the lines it prints. */
async function startServer(): Promise<{
  port: string;
  said: string[];
  child: ChildProcessByStdio<null, Readable, null>;
}> {
  const child = spawn(python, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  ends.push(() => void child.kill());
  const said: string[] = [];
  const lines = createInterface({ input: child.stdout });
  const port = await new Promise<string>((resolve) => {
    lines.once('line', resolve);
  });
  lines.on('line', (line) => said.push(line));
  return { port: `rfc2217://127.0.0.1:${port}`, said, child };
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe.skipIf(!hasPyserial && !process.env.CI)("pyserial's RFC 2217 server", () => {
  it('sees format, purge and line sequences, in order', async () => {
    const { port, said } = await startServer();
    const link = await openLink(port, { baud: 115200, parity: 'even' });
    await until(() => said.includes('parity E'));
    expect(said).toEqual(
      expect.arrayContaining(['purge rx', 'purge tx', 'baudrate 115200', 'bytesize 8', 'stopbits 1']),
    );
    said.length = 0;
    await playSequence(link, 'U0,1|W0.01|U1,0|W0.01|D0');
    await link.setFormat?.({ baud: 460800, parity: 'none' });
    await until(() => said.includes('parity N'));
    expect(said).toEqual(['dtr 0', 'rts 1', 'dtr 1', 'rts 0', 'dtr 0', 'rts 0', 'baudrate 460800', 'parity N']);
    expect(link.can).toEqual({ lines: true, baud: true, parity: true });
    await link.close();
  });

  it('passes every byte, FF too, in both directions', async () => {
    const { port } = await startServer();
    const link = await openLink(port, { baud: 115200 });
    const sent = Uint8Array.from({ length: 4096 }, (_, i) => (i % 3 === 0 ? 255 : i & 255));
    const got: number[] = [];
    link.onData((bytes) => got.push(...bytes));
    await link.write(sent);
    await until(() => got.length >= sent.length);
    expect(Uint8Array.from(got)).toEqual(sent);
    await link.close();
  });

  it('says when the server went', async () => {
    const { port, child } = await startServer();
    const link = await openLink(port, { baud: 115200 });
    const reason = new Promise<string>((resolve) => link.onClose(resolve));
    child.kill();
    expect(await reason).toMatch(/closed the connection|ECONNRESET/);
    await expect(link.write(Uint8Array.of(1))).rejects.toThrow();
    await expect(link.setLines?.({ dtr: true, rts: true })).rejects.toThrow();
  });
});

describe('a server that is none', () => {
  const listen = (handler: (socket: Socket) => void): Promise<string> =>
    new Promise((resolve) => {
      const server = createServer((socket) => {
        ends.push(() => void socket.destroy());
        socket.on('error', () => undefined);
        handler(socket);
      }).listen(0, '127.0.0.1', () => resolve(`rfc2217://127.0.0.1:${(server.address() as AddressInfo).port}`));
      ends.push(() => void server.close());
    });

  it.each([
    ['closes', (socket: Socket) => void socket.destroy(), /closed the connection|ECONNRESET|EPIPE/],
    [
      'is a plain echo',
      (socket: Socket) => void socket.pipe(socket),
      /does not confirm|did not confirm|speak RFC 2217/,
    ],
    ['refuses the option', (socket: Socket) => void socket.write(Uint8Array.of(255, 254, 44)), /speak RFC 2217/],
  ])('%s: device.open', async (_, handler, message) => {
    const port = await listen(handler);
    const error = await openRfc2217Link(port, { baud: 115200 }, 300).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'device.open', exit: 5 });
    expect(String(error)).toMatch(message);
  });

  it.each(['rfc2217://', 'rfc2217://h', 'rfc2217://h:0', 'rfc2217://h:1/x'])('%s is refused', async (port) => {
    await expect(openLink(port, { baud: 9600 })).rejects.toThrow('rfc2217://HOST:PORT');
  });
});

it('telnet: data survives any cut, hostile bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(10), (bytes, cut) => {
      const got: number[] = [];
      const decoder = new TelnetDecoder({
        data: (b) => got.push(...b),
        negotiate: () => undefined,
        subnegotiation: () => undefined,
      });
      const wire = escapeIac(bytes);
      for (let at = 0; at < wire.length; at += cut + 1) decoder.push(wire.subarray(at, at + cut + 1));
      expect(Uint8Array.from(got)).toEqual(bytes);
      decoder.push(bytes);
    }),
  );
});
