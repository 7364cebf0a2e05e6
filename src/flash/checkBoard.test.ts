// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { loadBoard } from '../build/boards.js';
import type { Board } from '../generated/board.js';
import { parseJson } from '../schema.js';
import { flashContradiction } from './checkBoard.js';

const f405 = loadBoard('stm32f405-virtual');
const [an3155] = f405.flash ?? [];
const withFlash = (entry: object): Board => ({ ...f405, flash: [{ ...an3155, ...entry } as never] });
const run = (start: string, bytes: number, count: number) => ({ start, bytes, count });

describe('flash methods of a board file', () => {
  it.each([
    ['overlap', { blocks: [run('0x08000000', 1024, 4), run('0x08000800', 1024, 1)] }, /overlap/],
    ['outside', { blocks: [run('0x08000000', 1024, 1025)] }, /outside of the flash/],
    ['in RAM', { blocks: [run('0x20000000', 1024, 1)] }, /outside of the flash/],
    ['long waits', { enter: 'W9|W9' }, /waits 18000 ms/],
    ['no leave sequence', { start: 'leave', leave: undefined }, /has none/],
    [
      'unknown placeholder',
      { method: 'external', tool: 'openocd', command: ['{image}', '{rm}'], blocks: undefined },
      /\{rm\}/,
    ],
    ['an unknown tool', { method: 'external', tool: 'rm', command: ['{image}'], blocks: undefined }, /'rm' is no tool/],
    ['no image', { method: 'external', tool: 'openocd', command: ['-v'], blocks: undefined }, /no \{image\}/],
  ])('%s is a contradiction', (_, entry, message) => {
    const board = withFlash(entry);
    for (const e of board.flash ?? [])
      if ('blocks' in e && e.blocks === undefined) delete (e as { blocks?: object }).blocks;
    expect(flashContradiction(board)).toMatch(message);
  });

  it('the boards have none', () => {
    expect(flashContradiction(f405)).toBeUndefined();
  });

  it.each([
    ['an unknown method', { method: 'teleport' }],
    ['a wrong sequence', { ...an3155, enter: 'D2' }],
    ['an option of another method', { ...an3155, labels: ['X'] }],
  ])('%s is refused by the schema with a sentence', (_, entry) => {
    const text = JSON.stringify({ ...f405, flash: [entry] });
    expect(() => parseJson('board', text, 'x.json')).toThrow(expect.objectContaining({ code: 'json.broken' }));
  });
});
