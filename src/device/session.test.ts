// SPDX-License-Identifier: Apache-2.0
// The session against the firmware's own console (compiled to WebAssembly), over wires that lose, repeat and invent.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { MoteError } from '../cli/errors.js';
import type { Board } from '../generated/board.js';
import { encodeFrame } from '../link/frame.js';
import { memoryLink } from '../link/memoryLink.js';
import { countScale, openLinkDevice } from './linkDevice.js';
import { Session } from './session.js';
import { compileConsole, startConsole, type Wire } from './testing/consoleWasm.js';

let wasm: Uint8Array;
beforeAll(async () => {
  wasm = await compileConsole();
});

const board: Board = {
  $schema: '',
  id: 'fake',
  name: 'fake',
  target: 'cortex-m4',
  clockHz: 50_000_000,
  image: 'elf',
  sources: [],
  memory: [{ name: 'ram', start: '0x0', bytes: 1, kind: 'ram' }],
  console: { uart: 'pl011', base: '0x0', baud: 115200 },
  counter: { kind: 'mmio' },
  verified: { level: 'described' },
};
const quick = { timeoutMs: 30, runTimeoutMs: 400, helloTimeoutMs: 20_000 };
const openFake = async (toBoard?: Wire, toHost?: Wire) => {
  const fake = await startConsole(wasm, toBoard, toHost);
  return { fake, device: await openLinkDevice(fake.link, board, 'measured', quick) };
};

describe('over a good wire', () => {
  test('says who it is', async () => {
    const { device } = await openFake();
    expect(device.info).toEqual({
      board: 'fake',
      model: 'harness',
      hash: '0102030405060708',
      layers: 2,
      arenaBytes: 3000,
      clockHz: 50_000_000,
      counter: { unit: 'cycles', source: 'measured' },
      emptyWindow: 12,
    });
  });

  test('transfers of any size and place', async () => {
    const { device } = await openFake();
    const shadow = new Uint8Array(3000);
    const place = fc
      .tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 3000 }))
      .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
    await fc.assert(
      fc.asyncProperty(place, fc.nat(255), async ({ from, to }, seed) => {
        const bytes = Uint8Array.from({ length: to - from }, (_, i) => (i * 31 + seed) & 0xff);
        await device.write(from, bytes);
        shadow.set(bytes, from);
        expect(Buffer.compare(await device.read(0, 3000), shadow)).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test('windows in cycles, less the empty window; 25 MHz ticks of a 50 MHz core count twice', async () => {
    const { device } = await openFake();
    expect(await device.run()).toEqual({ result: 0, count: (0x100000010 - 6) * 2, guardIntact: true });
    expect(await device.step(1)).toEqual({ result: 0, count: (101 - 6) * 2, guardIntact: true });
    expect(await device.status()).toEqual({
      guardIntact: true,
      stackUsedBytes: 160,
      stackReservedBytes: 4096,
      interrupts: 'off',
    });
  });

  test('a model error and a broken guard come through', async () => {
    const { device, fake } = await openFake();
    fake.set(-7, false);
    expect(await device.run()).toMatchObject({ result: -7, guardIntact: false });
    expect(await device.status()).toMatchObject({ guardIntact: false });
  });

  test('what the firmware refuses is device.protocol', async () => {
    const { device, fake } = await openFake();
    await expect(device.step(2)).rejects.toMatchObject({ code: 'device.protocol' });
    await expect(device.read(2999, 2)).rejects.toMatchObject({ code: 'device.protocol' });
    const session = new Session(fake.link, { board: 'fake', ...quick });
    await session.hello();
    for (const [offset, bytes] of [
      [3000, 1],
      [0xffffffff, 1],
      [2990, 11],
    ]) {
      await expect(session.write(offset, new Uint8Array(bytes))).rejects.toMatchObject({ code: 'device.protocol' });
      await expect(session.read(offset, bytes)).rejects.toMatchObject({ code: 'device.protocol' });
    }
    await expect(session.read(0, 1025)).rejects.toMatchObject({ code: 'device.protocol' });
    await session.write(3000, new Uint8Array());
  });

  test('requests of several callers do not mix', async () => {
    const { device } = await openFake();
    await Promise.all(Array.from({ length: 20 }, (_, i) => device.write(i * 100, new Uint8Array(100).fill(i))));
    const parts = await Promise.all(Array.from({ length: 20 }, (_, i) => device.read(i * 100, 100)));
    expect(parts.map((part, i) => part.every((b) => b === i))).toEqual(new Array(20).fill(true));
  });
});

/** A wire that does to the k-th transfer what `plan` says, and is good after that. */
function badWire(plan: readonly number[]): Wire {
  let k = 0;
  return (bytes) => {
    const what = plan[k++] ?? 0;
    const at = (what >> 3) % Math.max(1, bytes.length);
    switch (what % 6) {
      case 1:
        return new Uint8Array();
      case 2:
        return Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + 1)]);
      case 3:
        return Uint8Array.from([...bytes, ...bytes]);
      case 4:
        return Uint8Array.from([what, 0, 255, 0, ...bytes.slice(at), ...bytes]);
      case 5:
        return bytes.map((b, i) => (i === at ? b ^ 0x10 : b));
      default:
        return bytes;
    }
  };
}

test('over a bad wire every answer is right and the model runs exactly as often as asked', async () => {
  const plan = fc.array(fc.nat(4000), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(plan, plan, async (there, back) => {
      const fake = await startConsole(wasm, badWire(there), badWire(back));
      const session = new Session(fake.link, { board: 'fake', timeoutMs: 15, runRetryMs: 15, helloTimeoutMs: 20_000 });
      await session.hello();
      const bytes = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff);
      await retrying(() => session.write(10, bytes));
      await retrying(() => session.write(0, Uint8Array.of(40, 50)));
      expect((await session.run()).ticks).toBe(0x100000010);
      expect((await session.step(1)).ticks).toBe(101);
      expect([...(await retrying(() => session.read(0, 2)))]).toEqual([41, 52]);
      expect(Buffer.compare(await retrying(() => session.read(10, 300)), bytes)).toBe(0);
      expect(fake.runs()).toBe(2);
      await session.close();
    }),
    { numRuns: 40 },
  );
});

/** Five lost tries in a row are device.silent, and that is right; the plans can be longer. */
async function retrying<T>(ask: () => Promise<T>): Promise<T> {
  for (let i = 0; i < 5; i++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof MoteError) || error.code !== 'device.silent') throw error;
    }
  }
  return ask();
}

describe('what ends a session', () => {
  const silent = () => startConsole(wasm, () => new Uint8Array());

  test('silence', async () => {
    const { link } = await silent();
    await expect(openLinkDevice(link, board, 'measured', { ...quick, helloTimeoutMs: 100 })).rejects.toMatchObject({
      code: 'device.silent',
      exit: 6,
      message: 'fake does not answer: nothing came within 0.1 s during HELLO',
    });
  });

  test('silence in the middle', async () => {
    let dead = false;
    const { device } = await openFake((bytes) => (dead ? new Uint8Array() : bytes));
    dead = true;
    await expect(device.read(0, 1)).rejects.toMatchObject({ code: 'device.silent' });
    await expect(device.run()).rejects.toMatchObject({ code: 'device.silent' });
  });

  test('a write that never ends', async () => {
    const { near } = memoryLink('stuck');
    const stuck = { ...near, write: () => new Promise<void>(() => undefined) };
    const session = new Session(stuck, { board: 'fake', ...quick, helloTimeoutMs: 100 });
    await expect(session.hello()).rejects.toMatchObject({ code: 'device.silent' });
  });

  test('garbage only', async () => {
    const { near, far } = memoryLink('babble');
    far.onData(() => far.send(Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) & 0xff)));
    const session = new Session(near, { board: 'fake', ...quick, helloTimeoutMs: 1200 });
    await expect(session.hello()).rejects.toMatchObject({ code: 'device.silent' });
  });

  test('a fault frame, for the request under way and for all later ones', async () => {
    let fake: Awaited<ReturnType<typeof startConsole>> | undefined;
    let dead = false;
    const opened = await openFake((bytes) => {
      if (dead) fake?.fault(5, 0x1234);
      return dead ? new Uint8Array() : bytes;
    });
    fake = opened.fake;
    dead = true;
    const error = {
      code: 'device.fault',
      message: 'fake stopped: a fault with cause 0x00000005 at 0x00001234 during STEP of layer 1',
    };
    await expect(opened.device.step(1)).rejects.toMatchObject(error);
    await expect(opened.device.read(0, 1)).rejects.toMatchObject(error);
  });

  test('a pulled plug', async () => {
    const { device, fake } = await openFake();
    fake.break('unplugged');
    await expect(device.run()).rejects.toMatchObject({
      code: 'device.fault',
      message: expect.stringContaining('unplugged'),
    });
    await device.close();
  });

  test.each([
    ['another protocol', [2], 'it speaks protocol 2'],
    ['a short HELLO', [1, 0, 0], 'HELLO came with 3 bytes'],
    ['an unknown counter', [1, 9, ...new Array(16).fill(1), ...new Array(8).fill(0), 0], 'counter kind 9'],
    ['chunks of nothing', [1, 1, ...new Array(24).fill(0), 0], 'chunk size'],
  ])('%s', async (_, body, reason) => {
    const { near, far } = memoryLink('liar');
    far.onData(() => setImmediate(() => far.send(encodeFrame(Uint8Array.of(0x81, 0, 0, ...body)))));
    const session = new Session(near, { board: 'fake', ...quick });
    await expect(session.hello()).rejects.toMatchObject({
      code: 'device.protocol',
      message: expect.stringContaining(reason),
    });
  });

  test('any answer at all is a result or a MoteError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.nat(255), async (body, status) => {
        const { near, far } = memoryLink('liar');
        far.onData((wire) => {
          const [name, sequence] = [wire[2], wire[3]];
          setImmediate(() =>
            far.send(encodeFrame(Uint8Array.of(name | 0x80, name === 1 ? 0 : sequence, status % 4, ...body))),
          );
        });
        const session = new Session(near, { board: 'fake', timeoutMs: 5, helloTimeoutMs: 20 });
        await session.hello().catch((error: Error) => expect(error).toBeInstanceOf(MoteError));
      }),
      { numRuns: 50 },
    );
  });
});

test('what a tick is worth', () => {
  const hello = { counterKind: 'ticks' as const, clockHz: 100, counterHz: 25 };
  const qemu: Board = {
    ...board,
    emulator: { kind: 'qemu', machine: 'm', args: [], instructionsPerTick: { numerator: 5, denominator: 8 } },
  };
  expect(countScale(qemu, hello, 'emulated')).toEqual({ unit: 'instructions', numerator: 5, denominator: 8 });
  expect(countScale(qemu, hello, 'measured')).toEqual({ unit: 'cycles', numerator: 100, denominator: 25 });
  expect(countScale(board, { ...hello, counterKind: 'instructions' }, 'measured').unit).toBe('instructions');
  expect(countScale(board, { ...hello, counterKind: 'none' }, 'measured').unit).toBe('none');
  expect(countScale(board, { ...hello, counterHz: 0 }, 'measured').unit).toBe('none');
});
