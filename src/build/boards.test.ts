// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Board } from '../generated/board.js';
import { packageRoot } from '../packageRoot.js';
import { boardHeader } from './boardHeader.js';
import { listBoards, listTargets, loadBoard, loadTarget } from './boards.js';
import { nearest } from './nearest.js';

const boardIds = [
  'arduino-nano33-ble',
  'blackpill-f411',
  'bluepill-f103',
  'ek-ra8d1',
  'esp32-c3-devkitm',
  'esp32-c6-devkitc',
  'esp32-s3-devkitc',
  'gd32vf103-longan-nano',
  'grove-vision-ai-v2',
  'maix-bit',
  'nrf52840-dk',
  'nucleo-f411re',
  'nucleo-f446re',
  'nucleo-h743zi',
  'nucleo-u575zi',
  'pico2',
  'pico2-riscv',
  'xiao-samd21',
  'xiao-nrf52840',
  'microbit-v2',
  'nucleo-l4r5zi',
  'pico',
  'stm32f405-virtual',
  'virtual-m3',
  'virtual-m33',
  'virtual-m4',
  'virtual-m55',
  'virtual-m7',
  'virtual-rv32',
  'virtual-rv32v',
  'virtual-rv32zbb',
  'virtual-rv64',
  'virtual-k210',
];
const targetIds = [
  'cortex-m0plus',
  'cortex-m3',
  'cortex-m33',
  'cortex-m4',
  'cortex-m55',
  'cortex-m7',
  'k210',
  'rv32imc',
  'rv32imc-zbb',
  'rv32imc-zve32x',
  'rv64imafdc',
  'wasm32',
];

test('every board and target is valid and the lists are complete', () => {
  expect(listBoards().map((b) => b.id)).toEqual(expect.arrayContaining(boardIds));
  expect(listTargets().map((t) => t.id)).toEqual(expect.arrayContaining(targetIds));
});

/** Described boards have neither start-up code nor, perhaps, a target. */
const described = (board: Board): boolean => board.verified.level === 'described';

describe.each(listBoards().map((b) => [b.id, b] as const))('%s', (_, board) => {
  test('has a target for firmware, and its set-up code is there', () => {
    if (described(board)) return expect(board.verified.note).toBeDefined();
    expect(loadTarget(board.target).startup).not.toBe('none');
    expect(existsSync(join(packageRoot, 'runtime-c', 'firmware', 'soc', `${board.soc ?? 'generic'}.c`))).toBe(true);
  });
  test('names where its facts come from', () => {
    expect(board.sources.length).toBeGreaterThan(0);
    for (const source of board.sources) expect(new URL(source).protocol).toBe('https:');
  });
  test('its header defines exactly one UART and one counter', () => {
    if (described(board) && board.console.uart === 'other') return;
    const header = boardHeader(board, 4096);
    expect(
      header.match(
        /^#define MOTE_UART_(CMSDK|PL011|NS16550|STM32_V1|STM32_V2|NRF|SERCOM|ESP|ESP_V2|SCI_B|SIFIVE) 1$/gm,
      ),
    ).toHaveLength(1);
    expect(header.match(/^#define MOTE_COUNTER_(DWT|SYSTICK|MMIO|MINSTRET|MCYCLE|MPCCR) 1$/gm)).toHaveLength(1);
    expect(header).toContain(`#define MOTE_BOARD_ID "${board.id}"`);
  });
  test('an emulated one says how counts become instructions', () => {
    if (board.emulator?.kind !== 'qemu') return;
    const shift = Number(/shift=(\d+)/.exec(board.emulator.args.join(' '))?.[1]);
    const { numerator, denominator } = board.emulator.instructionsPerTick;
    // One instruction is 2^shift ns of the emulator's time; a tick is 1/hz. RISC-V counts instructions themselves.
    const expected = board.counter.kind === 'minstret' ? 1 : 1e9 / (board.counter.hz as number) / 2 ** shift;
    expect(numerator / denominator).toBeCloseTo(expected, 12);
  });
});

test.each([
  ['pio', /did you mean pico or pico2\?/],
  ['nucleo-l4r5z', /nucleo-l4r5zi/],
  ['virtual-m2', /did you mean virtual-m3 or virtual-m4\?/],
  ['qqqqqqqqqqqqqq', /^unknown board 'q+'$/],
])('board %s is unknown, with a suggestion where there is a near one', (id, message) => {
  expect(() => loadBoard(id)).toThrow(
    expect.objectContaining({ code: 'board.unknown', exit: 2, message: expect.stringMatching(message) }),
  );
});

test.each(['../boards/pico', 'pico.json', '', '..', '/etc/passwd', 'pico\0', 'x'.repeat(1e6), 'Pico', '__proto__'])(
  '%j is no way out of the folder',
  (id) => {
    expect(() => loadBoard(id)).toThrow(expect.objectContaining({ code: 'board.unknown' }));
    expect(() => loadTarget(id)).toThrow(expect.objectContaining({ code: 'target.unknown' }));
  },
);

test('nearest gives the two nearest, nearest first', () => {
  expect(nearest('kitten', ['sitting', 'mitten', 'kitchen', 'zebra'])).toEqual(['mitten', 'kitchen']);
  expect(nearest('cortex', ['cortex-m4', 'rv32imc'])).toEqual(['cortex-m4']);
});
