// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { loadBoard } from '../build/boards.js';
import type { Link, ModemLines } from '../link/link.js';
import { memoryLink } from '../link/memoryLink.js';
import { openConsolePort } from './consolePort.js';

const board = loadBoard('stm32f405-virtual');
const lines = { dtr: false, rts: true };
const withLines = { ...board, console: { ...board.console, lines } };
const { lines: _, ...plainConsole } = board.console;

function port(can: boolean, setLines: (wanted: ModemLines) => Promise<void>) {
  const state = { closed: false };
  const { near } = memoryLink('port');
  const link: Link = {
    ...near,
    can: { ...near.can, lines: can },
    setLines,
    close: async () => {
      state.closed = true;
    },
  };
  return { state, open: async () => link };
}

it.each([
  ['sets the lines of the board file', withLines, true, [lines]],
  ['leaves them alone where the file says nothing', { ...board, console: plainConsole }, true, []],
  ['leaves them alone where the link has none', withLines, false, []],
])('%s', async (_name, which, can, expected) => {
  const set: ModemLines[] = [];
  const { open } = port(can, async (wanted) => void set.push(wanted));
  await openConsolePort(which, 'port', open);
  expect(set).toEqual(expected);
});

it('a port that refuses is closed, and named', async () => {
  const { open, state } = port(true, () => Promise.reject(new Error('no such line')));
  await expect(openConsolePort(withLines, 'COM4', open)).rejects.toMatchObject({ code: 'device.open', exit: 5 });
  expect(state.closed).toBe(true);
});
