// SPDX-License-Identifier: Apache-2.0
// The profiling agent on emulated boards, held to MLPerf Tiny's grammar as the public runner parses it (mlcommons/tiny,
// benchmark/runner/device_under_test.py, script.py: the regular expressions below are the contract).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { AgentText } from '../../src/device/agentText.js';
import { runHost } from '../../src/device/hostSamples.js';
import { openLinkDevice } from '../../src/device/linkDevice.js';
import { openConsole } from '../../src/device/openConsole.js';
import { openRp2040 } from '../../src/device/rp2040.js';
import { HostModel } from '../../src/device/wasm.js';
import { readNpy } from '../../src/model/npy.js';
import { packageRoot } from '../../src/packageRoot.js';
import { buildHost } from '../../src/packFolder.js';
import { PackRoom, type TestPack } from '../support/packs.js';
import { describeShared, sharedFile } from '../support/shared.js';

const room = new PackRoom();
afterAll(() => room.close());

const lineMs = 30_000;
const nameLine = /^m-(name)-dut-\[([^\]]+)\]$/;
const profileLine = /^m-(model|profile)-\[([^\]]+)\]$/;
const lapLine = /^m-lap-us-([0-9]+)$/;
const resultsLine = /^m-results-\[([^\]]+)\]$/;

const load = (file: string): Uint8Array => readFileSync(join(packageRoot, 'models', 'digits', file));

async function digitsFor(target: string): Promise<TestPack> {
  const calibration = { array: readNpy(load('calib_x.npy'), 'calib_x.npy'), path: 'calib_x.npy' };
  const options = { target, calibration, inputScale: { scale: 1 / 255, zero: 0 } };
  return room.packBytes(load('digits.onnx'), 'digits.onnx', options);
}

const hex = (bytes: ArrayLike<number>) => Buffer.from(Array.from(bytes, (b) => b & 255)).toString('hex');

/** As the runner does it: `db load N`, then 31 bytes a command. */
async function loadBytes(text: AgentText, bytes: Uint8Array): Promise<void> {
  expect(await text.command(`db load ${bytes.length}`, lineMs)).toEqual([`m-[Expecting ${bytes.length} bytes]`]);
  for (let at = 0; at < bytes.length; at += 31) {
    const lines = await text.command(`db ${hex(bytes.subarray(at, at + 31))}`, lineMs);
    expect(lines).toEqual(at + 31 >= bytes.length ? ['m-load-done'] : []);
  }
}

describe.each(['pico', 'virtual-m4', 'virtual-rv32'])('agent on %s', (id) => {
  it('speaks the grammar of the public runner, and frames beside it', async () => {
    const board = loadBoard(id);
    const pack = await digitsFor(board.target);
    const image = join(room.folder, `${id}-agent.elf`);
    await buildFirmware(pack.dir, board, image, { agent: { mode: 'performance' } });
    const link = await openConsole(board, image, undefined);
    const text = new AgentText(link, id);
    const greeting = await text.greeting(lineMs);
    expect(greeting[0]).toBe('m-timestamp-mode-performance');
    expect(greeting[1]).toMatch(lapLine);
    expect(greeting[2]).toBe('m-init-done');

    expect((await text.command('name', lineMs))[0]).toMatch(nameLine);
    const profile = await text.command('profile', lineMs);
    expect(profile).toEqual(['m-profile-[ULPMark for tinyML Firmware V0.0.1]', 'm-model-[digits]']);
    for (const line of profile) expect(line).toMatch(profileLine);
    const input = Int8Array.from({ length: pack.manifest.inputs[0].bytes }, (_, i) => ((i * 37) % 255) - 127);
    await loadBytes(text, new Uint8Array(input.buffer));
    const printed = await text.command('db print', lineMs);
    expect(printed.map((l) => l.replace(/^m-buffer-/, '').replaceAll('-', '')).join('')).toBe(hex(input));

    const answer = await text.command('infer 3 2', lineMs);
    expect(answer.map((l) => l.replace(/\d+$/, 'N'))).toEqual([
      'm-warmup-start-N',
      'm-warmup-done',
      'm-infer-start-N',
      'm-lap-us-N',
      'm-lap-us-N',
      'm-infer-done',
      answer[6],
    ]);
    expect(answer[0]).toBe('m-warmup-start-2');
    expect(answer[2]).toBe('m-infer-start-3');
    const laps = answer.slice(3, 5).map((l) => Number(lapLine.exec(l)?.[1]));
    expect(laps[1]).toBeGreaterThan(laps[0]);
    const { wasm, manifest: hostManifest } = await buildHost(pack);
    const [output] = runHost(await HostModel.open(wasm, hostManifest), hostManifest, [input]);
    const port = pack.manifest.outputs[0];
    const expected = [...(output as Int8Array)].map((q) => (q - (port.zeroPoint ?? 0)) * (port.scale ?? 1));
    const got = resultsLine.exec(answer[6])?.[1].split(',') ?? [];
    expect(got).toHaveLength(expected.length);
    got.forEach((value, i) => {
      expect(value).toMatch(/^-?\d+\.\d{3}$/);
      expect(Math.abs(Number(value) - expected[i])).toBeLessThanOrEqual(0.0005 + 1e-9);
    });
    expect(await text.command('results', lineMs)).toEqual([answer[6]]);

    const layers = await text.command('x-layers 2', lineMs);
    expect(layers).toHaveLength(1 + 2 * pack.manifest.layers.length);

    // The same wire, framed: the same firmware answers both.
    const device = await openLinkDevice(link, board, 'emulated', { timeoutMs: 10_000, helloTimeoutMs: 30_000 });
    await device.write(pack.manifest.inputs[0].offset, new Uint8Array(input.buffer));
    const one = await device.run();
    await device.write(pack.manifest.inputs[0].offset, new Uint8Array(input.buffer));
    const window = await device.batch?.(4);
    const again = await device.read(port.offset, port.bytes);
    expect(Int8Array.from(again)).toEqual(output);
    expect(window?.result).toBe(0);
    const copyShare = (window?.count ?? 0) / (4 * one.count);
    expect(copyShare).toBeGreaterThan(1);
    expect(copyShare).toBeLessThan(1.1);
    await device.close();
  });
});

describe('agent, odd commands', () => {
  it('answers with the errors of the public firmware', async () => {
    const board = loadBoard('virtual-m4');
    const pack = await digitsFor(board.target);
    const image = join(room.folder, 'odd.elf');
    await buildFirmware(pack.dir, board, image, { agent: { mode: 'performance' } });
    const text = new AgentText(await openConsole(board, image, undefined), board.id);
    await text.greeting(lineMs);
    const size = pack.manifest.inputs[0].bytes;
    const cases: [string, string[]][] = [
      ['nonsense', ['e-[Unknown command: nonsense]']],
      ['', ['e-[Unknown command: ]']],
      ['db', ["e-[Command 'db' requires a subcommand]"]],
      ['db load 0', ["e-[Command 'db load' must be >0 bytes]"]],
      ['db load 99999999', [`Supplied buffer size 99999999 exceeds maximum of ${size}`]],
      ['db load 4', ['m-[Expecting 4 bytes]']],
      ['db 0g', ["e-[Invalid hex digit 'g']"]],
      ['db 012', ['e-[Insufficent number of hex digits]']],
      ['infer 0', ['e-[Inference iterations must be >0]']],
      ['infer -1 5', ['e-[Inference iterations must be >0]']],
      ['infer 1 x', ['e-[Inference warmup must be >=0]']],
      ['x'.repeat(500), [`e-[Unknown command: ${'x'.repeat(80)}]`]],
    ];
    for (const [command, lines] of cases) expect(await text.command(command, lineMs), command).toEqual(lines);
    expect(await text.command('\u0001\u00ffna\u0002name', lineMs)).toEqual([`m-name-dut-[${board.id}]`]);
    await text.close();
  });
});

describe('marker pin of the Pico', () => {
  it('falls at both ends of a window and stays low for 100 us', async () => {
    const board = loadBoard('pico');
    const pack = await digitsFor(board.target);
    const image = join(room.folder, 'marker.elf');
    await buildFirmware(pack.dir, board, image, { agent: { mode: 'performance' } });
    const edges: { high: boolean; micros: number }[] = [];
    const { link } = await openRp2040(board, image, {
      onPin: (pin, high, nanos) => pin === 2 && edges.push({ high, micros: nanos / 1000 }),
    });
    const device = await openLinkDevice(link, board, 'emulated', { timeoutMs: 10_000, helloTimeoutMs: 30_000 });
    await device.write(pack.manifest.inputs[0].offset, new Uint8Array(pack.manifest.inputs[0].bytes));
    edges.length = 0;
    const window = await device.batch?.(5);
    expect(edges.map((e) => e.high)).toEqual([false, true, false, true]);
    const [fall, rise, end, release] = edges.map((e) => e.micros);
    expect(rise - fall).toBeGreaterThanOrEqual(100);
    expect(release - end).toBeGreaterThanOrEqual(100);
    // From the rise to the second fall lies what the counter counted, within a few microseconds of code around it.
    const countedMicros = (window?.count ?? 0) / (board.clockHz / 1e6);
    expect(Math.abs(end - rise - countedMicros)).toBeLessThan(5);
    await device.close();
  });
});

describeShared('silicon said the same', () => {
  it('KWS results in text equal what a real Cortex-M4 printed', async () => {
    const board = loadBoard('virtual-m4');
    const pack = await room.pack('models/mlperf-tiny/kws_ref_model.tflite', { target: board.target, name: 'kws' });
    const image = join(room.folder, 'kws.elf');
    await buildFirmware(pack.dir, board, image, { agent: { mode: 'performance', task: 'kws01' } });
    const text = new AgentText(await openConsole(board, image, undefined), board.id);
    await text.greeting(lineMs);
    expect((await text.command('profile', lineMs))[1]).toBe('m-model-[kws01]');
    const npy = (path: string) => readNpy(sharedFile(path), path);
    const inputs = npy('data/kws/test_x.npy').data as Int8Array;
    const logged = npy('data/kws/double_rounding_board.npy').data as Float32Array;
    for (let k = 0; k < 5; k++) {
      await loadBytes(text, new Uint8Array(inputs.slice(k * 490, (k + 1) * 490).buffer));
      const answer = await text.command('infer 1 0', lineMs);
      const values = resultsLine
        .exec(answer.at(-1) ?? '')?.[1]
        .split(',')
        .map(Number);
      expect(values).toEqual([...logged.subarray(k * 12, (k + 1) * 12)].map((v) => Math.round(v * 1000) / 1000));
    }
    await text.close();
  });
});
