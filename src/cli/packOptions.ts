// SPDX-License-Identifier: Apache-2.0
// Options that pack and tune share.
import { loadBoard, loadTarget, targetOf } from '../build/boards.js';
import type { Board } from '../generated/board.js';
import type { Target } from '../generated/target.js';
import { backendOf } from '../npu/backends.js';
import { type OptionValues, text } from './command.js';
import { fail } from './errors.js';

/** One of the words, or undefined where the option is not there. */
export function choice<T extends string>(options: OptionValues, key: string, allowed: readonly T[]): T | undefined {
  const value = text(options, key);
  if (value === undefined) return undefined;
  const found = allowed.find((a) => a === value);
  const option = key.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
  return found ?? fail('usage.option', { option, expected: allowed.join(' or '), got: value });
}

/** --npu-compiler: a compiler for the NPU of the target. */
export function npuOption(options: OptionValues, { id, npu }: Target, command: string): string | undefined {
  if (text(options, 'npuCompiler') === undefined) return undefined;
  if (!npu) return fail('usage.bad', { what: `--npu-compiler says who compiles for an NPU, ${id} has none`, command });
  return choice(options, 'npuCompiler', backendOf(npu.backend).providers);
}

/** --target or --board, which must agree. */
export function targetOption(options: OptionValues, command: string): { target: Target; board?: Board } {
  const boardId = text(options, 'board');
  const board = boardId === undefined ? undefined : loadBoard(boardId);
  const targetId = text(options, 'target') ?? board?.target;
  if (!targetId) fail('usage.bad', { what: `${command} for what? neither --target nor --board was given`, command });
  const target = board && targetId === board.target ? targetOf(board) : loadTarget(targetId);
  if (board && board.target !== target.id)
    fail('usage.bad', { what: `${board.id} is a ${board.target}, not a ${target.id}`, command });
  return { target, ...(board ? { board } : {}) };
}
