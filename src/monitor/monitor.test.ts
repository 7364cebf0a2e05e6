// SPDX-License-Identifier: Apache-2.0
// What a console shows: any cut of the stream shows the same, nothing of it moves the cursor, frames come in words.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MoteError } from '../cli/errors.js';
import { command } from '../device/protocol.js';
import type { SerialPortInfo } from '../discover/serialPorts.js';
import { encodeFrame } from '../link/frame.js';
import { memoryLink } from '../link/memoryLink.js';
import { ConsoleText, type Piece } from './consoleText.js';
import { identityOf, pathNow } from './followPort.js';
import { Printable } from './printable.js';
import { Screen } from './screen.js';
import { steadyPort } from './steadyPort.js';

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'utf8'));

/** Pieces of a stream cut at these places, joined where text goes on. */
function piecesOf(bytes: Uint8Array, cuts: readonly number[]): Piece[] {
  const text = new ConsoleText();
  const places = [...new Set([0, ...cuts.map((c) => c % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  const all = places.slice(1).flatMap((to, i) => text.push(bytes.subarray(places[i], to)));
  return [...all, ...text.flush()].reduce<Piece[]>((joined, piece) => {
    const last = joined.at(-1);
    if (last?.kind === 'text' && piece.kind === 'text') last.text += piece.text;
    else joined.push({ ...piece });
    return joined;
  }, []);
}

const noise = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }).map(bytesOf),
  fc.constant(Uint8Array.of(0)),
);
const frame = fc.uint8Array({ maxLength: 300 }).map((payload) => encodeFrame(Uint8Array.of(0x84, 9, 0, ...payload)));

describe('console text', () => {
  it('is the same for any cut of the stream, and safe for a terminal', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(noise, frame), { maxLength: 8 }).map((parts) => new Uint8Array(Buffer.concat(parts))),
        fc.array(fc.nat(5000), { maxLength: 12 }),
        (bytes, cuts) => {
          const shown = piecesOf(bytes, cuts);
          expect(shown).toEqual(piecesOf(bytes, []));
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
          const moving = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;
          for (const { text } of shown) expect(text).not.toMatch(moving);
        },
      ),
    );
  });

  it('shows text as it is, line ends of all kinds, and other bytes in hexadecimal', () => {
    const printable = new Printable();
    const shown =
      printable.push(bytesOf('µC\tok\r\nnext\rlast\n\u001b[31m\u202e')) + printable.push(Uint8Array.of(0xff, 0xc3));
    expect(shown + printable.flush()).toBe('µC\tok\nnext\nlast\n\\x1b[31m\\xe2\\x80\\xae\\xff\\xc3');
  });

  it('says frames in words between text, also after noise that looks like the start of one', () => {
    const run = new Uint8Array([command.run | 0x80, 7, 0, 0, 0, 0, 0, 0x39, 0x30, 0, 0, 0, 0, 0, 0, 1]);
    const fault = new Uint8Array([0xff, 0, 1, 3, 0, 0, 0, 0x44, 0x33, 0x22, 0x11]);
    const bytes = Buffer.concat([
      bytesOf('boot\r\nab'),
      encodeFrame(run),
      bytesOf('cd\n'),
      Uint8Array.of(0, 0x55, 0x66),
      encodeFrame(fault),
      encodeFrame(Uint8Array.of(command.run | 0x80, 8, 4)),
      encodeFrame(Uint8Array.of(command.hello | 0x80, 0, 0, 1)),
    ]);
    expect(piecesOf(bytes, [])).toEqual([
      { kind: 'text', text: 'boot\nab' },
      { kind: 'frame', text: 'RUN 7  result 0, 12345 ticks' },
      { kind: 'text', text: 'cd\n\\x00Uf' },
      { kind: 'frame', text: 'FAULT  cause 0x00000003 at 0x11223344' },
      { kind: 'frame', text: 'RUN 8  refused: no HELLO since the reset' },
      { kind: 'frame', text: expect.stringMatching(/^HELLO 0 {2}HELLO came with 1 bytes/) },
    ]);
  });

  it('holds no more than a frame back from a stream without an end', () => {
    const text = new ConsoleText();
    const long = text.push(Buffer.concat([Uint8Array.of(0), Buffer.alloc(4000, 'x')]));
    expect(long.map((p) => p.text).join('').length).toBeGreaterThan(2900);
  });
});

describe('screen', () => {
  it('puts times before lines, frames and notices on lines of their own', () => {
    const shown: string[] = [];
    let now = 1000;
    const screen = new Screen({ stamps: true, hex: false, show: (text) => shown.push(text), nowMs: () => now });
    screen.bytes(bytesOf('one\ntw'));
    now = 2500;
    screen.bytes(bytesOf('o'));
    screen.bytes(encodeFrame(Uint8Array.of(command.write | 0x80, 1, 0)));
    screen.notice('gone');
    screen.bytes(bytesOf('x'));
    screen.end();
    expect(shown.join('').split('\n')).toEqual([
      '[    0.000] one',
      '[    0.000] two',
      '[    1.500] [WRITE 1  done]',
      '[    1.500] -- gone',
      '[    1.500] x',
      '',
    ]);
    expect(screen.heard).not.toContain('gone');
  });
});

describe('a port that comes back', () => {
  const port = (path: string, serial?: string): SerialPortInfo => ({
    path,
    vid: '2e8a',
    pid: '000a',
    ...(serial && { serial }),
  });
  const other: SerialPortInfo = { path: '/dev/ttyACM9', vid: '1915', pid: 'c00a', serial: 'X' };

  it('is found by its serial number wherever it is, and nothing else is taken for it', () => {
    const identity = identityOf('/dev/ttyACM0', [port('/dev/ttyACM0', 'A'), port('/dev/ttyACM1', 'B'), other]);
    expect(pathNow(identity, [port('/dev/ttyACM0', 'B'), port('/dev/ttyACM3', 'A')])).toBe('/dev/ttyACM3');
    expect(pathNow(identity, [port('/dev/ttyACM0', 'B'), other])).toBeUndefined();
    const second = identityOf('/dev/ttyACM1', [port('/dev/ttyACM0', 'A'), port('/dev/ttyACM1', 'A')]);
    expect(pathNow(second, [port('/dev/ttyACM4', 'A'), port('/dev/ttyACM5', 'A')])).toBe('/dev/ttyACM5');
  });

  it('without one is its path, or the only one of its kind', () => {
    const identity = identityOf('/dev/ttyUSB0', [port('/dev/ttyUSB0')]);
    expect(pathNow(identity, [port('/dev/ttyUSB1'), port('/dev/ttyUSB0')])).toBe('/dev/ttyUSB0');
    expect(pathNow(identity, [port('/dev/ttyUSB1'), other])).toBe('/dev/ttyUSB1');
    expect(pathNow(identity, [port('/dev/ttyUSB1'), port('/dev/ttyUSB2')])).toBeUndefined();
    expect(pathNow(identityOf('tcp:h:1', [other]), [other])).toBe('tcp:h:1');
  });

  it('is opened again until it is there, and nothing is sent meanwhile', async () => {
    const first = memoryLink('first');
    const second = memoryLink('second');
    const told: string[] = [];
    let tries = 0;
    const back = new Promise<void>((resolve) => {
      const steady = steadyPort(first.near, {
        open: async () => {
          if (++tries < 3) throw new MoteError('device.open', { port: 'p', reason: 'not yet' });
          return second.near;
        },
        onData: (bytes) => void told.push(Buffer.from(bytes).toString()),
        onLost: (reason) => {
          told.push(reason);
          void steady.write(bytesOf('x')).then((sent) => told.push(`sent ${sent}`));
        },
        onBack: (name) => {
          told.push(name);
          resolve();
        },
        retryMs: 1,
      });
    });
    first.far.send(bytesOf('a'));
    first.far.break('unplugged');
    await back;
    second.far.send(bytesOf('b'));
    expect(told).toEqual(['a', 'unplugged', 'sent false', 'second', 'b']);
    expect(tries).toBe(3);
  });
});
