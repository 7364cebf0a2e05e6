// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Link } from './link.js';
import { memoryLink } from './memoryLink.js';
import { openLink } from './openLink.js';
import { processLink } from './processLink.js';
import { parseTcpAddress } from './tcpLink.js';

const options = { baud: 115200 };
const closed = (link: Link) => new Promise<string>((resolve) => link.onClose(resolve));

/** The bytes of the link until `count` have come. */
function take(link: Link, count: number): Promise<Uint8Array> {
  return new Promise((resolve) => {
    let all = new Uint8Array();
    link.onData((bytes) => {
      all = Uint8Array.from([...all, ...bytes]);
      if (all.length >= count) resolve(all);
    });
  });
}

describe('memory link', () => {
  test('bytes that came before the listener are kept, and the end is told once', async () => {
    const { near, far } = memoryLink('m');
    far.onData((bytes) => far.send(bytes));
    await near.write(Uint8Array.of(1, 2));
    expect([...(await take(near, 2))]).toEqual([1, 2]);
    const reasons: string[] = [];
    near.onClose((reason) => reasons.push(reason));
    far.break('unplugged');
    far.break('again');
    expect(reasons).toEqual(['unplugged']);
    await expect(near.write(Uint8Array.of(1))).rejects.toThrow('unplugged');
  });
});

describe('TCP link', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  const listen = (handler: (socket: Socket) => void): Promise<string> =>
    new Promise((resolve) => {
      server = createServer(handler).listen(0, '127.0.0.1', () =>
        resolve(`tcp:127.0.0.1:${(server as unknown as { address(): AddressInfo }).address().port}`),
      );
    });

  test('sends and receives, and says when the other side went', async () => {
    const port = await listen((socket) => {
      socket.once('data', (bytes) => socket.end(Buffer.concat([bytes, bytes])));
      socket.on('error', () => undefined);
    });
    const link = await openLink(port, options);
    expect(link.name).toBe(port);
    const end = closed(link);
    await link.write(Uint8Array.of(7, 8));
    expect([...(await take(link, 4))]).toEqual([7, 8, 7, 8]);
    expect(await end).toBe('the connection was closed');
    await link.close();
  });

  test('a refused connection is device.open', async () => {
    const port = await listen(() => undefined);
    await new Promise((resolve) => server?.close(resolve));
    await expect(openLink(port, options)).rejects.toMatchObject({ code: 'device.open', exit: 5 });
  });

  test.each(['tcp:', 'tcp:host', 'tcp:host:', 'tcp:host:0', 'tcp:host:65536', 'tcp:a:b:1', 'tcp:host:12x'])(
    '%s is refused',
    (text) => {
      expect(() => parseTcpAddress(text)).toThrow('tcp:HOST:PORT');
    },
  );

  test('addresses', () => {
    expect(parseTcpAddress('tcp:board.local:4000')).toEqual({ host: 'board.local', port: 4000 });
    expect(parseTcpAddress('tcp:[::1]:23')).toEqual({ host: '::1', port: 23 });
  });
});

describe('process link', () => {
  const start = (program: string) => {
    const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
    return { child, link: processLink('child', child, (status, signal) => `ended ${status ?? signal}`) };
  };

  test('stdin and stdout are the wire; the end has a reason', async () => {
    const { link } = start(
      'process.stdin.once("data", (b) => { process.stdout.write(b); setTimeout(() => process.exit(3), 50); })',
    );
    const end = closed(link);
    await link.write(Uint8Array.of(5, 0, 255));
    expect([...(await take(link, 3))]).toEqual([5, 0, 255]);
    expect(await end).toBe('ended 3');
    await link.write(Uint8Array.of(1));
  });

  test('close ends the process', async () => {
    const { child, link } = start('setInterval(() => {}, 1000)');
    await link.close();
    expect(child.signalCode).toBe('SIGKILL');
    await link.close();
  });
});

test('a serial port that is not there is device.open', async () => {
  const name = process.platform === 'win32' ? 'COM250' : '/dev/mote-no-such-port';
  await expect(openLink(name, options)).rejects.toMatchObject({ code: 'device.open', exit: 5 });
});
