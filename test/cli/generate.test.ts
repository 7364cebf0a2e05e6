// SPDX-License-Identifier: Apache-2.0
// A language model from the command line, made up for this test: pack, generate, and what goes wrong.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byteWords, checkpointBytes, smallShape, tokenizerBytes } from '../../src/model/testing/checkpoint.js';
import { packageRoot } from '../../src/packageRoot.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-generate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function mote(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [join(packageRoot, 'dist', 'cli', 'main.js'), ...args], {
    encoding: 'utf8',
    cwd: folder,
    timeout: 300_000,
    env: { ...process.env, NO_COLOR: '1' },
  });
}

const words = [...byteWords, ' ', 'a', 'b', ' a'];
const model = checkpointBytes({ ...smallShape, vocabulary: words.length });
const tokenizer = tokenizerBytes(words);
const place = (name: string, bytes: Uint8Array): void => writeFileSync(join(folder, name), bytes);

beforeAll(() => {
  place('small.bin', model);
  place('words.bin', tokenizer);
  place('cut.bin', model.subarray(0, model.length - 8));
  place('cut-words.bin', tokenizer.subarray(0, tokenizer.length - 1));
  const args = ['small.bin', '--tokenizer', 'words.bin', '--context', '16', '--target', 'wasm32', '-o', 'pack'];
  const { status, stderr } = mote('pack', ...args);
  expect([status, stderr]).toEqual([0, '']);
});

interface Generated {
  ok: boolean;
  data: { text: string; tokens: number[]; promptTokens: number; compared: number; counts: unknown };
}

const generated = (...args: string[]): Generated => {
  const { stdout, stderr } = mote('generate', 'pack', ...args, '--json');
  expect(stdout.trim().split('\n'), stderr).toHaveLength(1);
  return JSON.parse(stdout) as Generated;
};

describe('generate', () => {
  it('goes on from the prompt, the same each time', () => {
    const { ok, data } = generated('--prompt', 'ab', '--tokens', '12');
    expect(ok).toBe(true);
    expect(data.tokens).toHaveLength(12);
    expect(data.promptTokens).toBe(3);
    expect(data.text.startsWith('ab')).toBe(true);
    expect(data).toMatchObject({ compared: 0, counts: null });
    expect(generated('--prompt', 'ab', '--tokens', '12').data).toEqual(data);
  });

  it('draws by seed at a temperature', () => {
    const draw = (seed: string): number[] =>
      generated('--tokens', '16', '--temperature', '2', '--seed', seed).data.tokens;
    expect(draw('1')).toEqual(draw('1'));
    expect(draw('1')).not.toEqual(draw('2'));
  });

  it.each(['int8', 'int4g32'])('is equal to its twin with %s weights, which activations follow', (weights) => {
    const args = ['small.bin', '--target', 'wasm32', '--weights', weights, '-o', weights, '--json'];
    const { data } = JSON.parse(mote('pack', ...args).stdout) as { data: { layers: { op: string }[] } };
    const ops = new Set(data.layers.map((l) => l.op));
    expect(ops.has('dynamicFullyConnected')).toBe(true);
    expect(ops.has('fullyConnected')).toBe(false);
    expect(mote('verify', weights).status).toBe(0);
  });

  it('is equal to its twin, as every pack is', () => {
    expect(mote('verify', 'pack').status).toBe(0);
  });
});

describe('what goes wrong ends in one sentence', () => {
  it.each([
    [['generate', 'pack', '--tokens', '17'], 2, /--tokens takes a whole number from 2 to 16, not '17'/],
    [['generate', 'pack', '--temperature', '0.001'], 2, /--temperature takes 0 or from 0.01 up/],
    [['generate', 'pack', '--prompt', 'a'.repeat(20)], 3, /it has 21 tokens, which leaves none of 16/],
    [['generate', 'pack', '--tokenizer', 'cut-words.bin'], 3, /'cut-words.bin' is not the tokenizer of this model/],
    [['generate', 'nothing'], 3, /'nothing' is not a mote pack/],
    [['pack', 'small.bin', '--target', 'wasm32', '--weights', 'int3', '-o', 'x'], 2, /--weights takes int8 or int4g32/],
    [['pack', 'small.bin', '--target', 'wasm32', '--prune', 'channels=20%', '-o', 'x'], 2, /by its own texts/],
    [['pack', 'cut.bin', '--target', 'wasm32', '-o', 'x'], 3, /damaged: a llama2.c checkpoint with this header has/],
    [['pack', 'small.bin', '--target', 'wasm32', '--context', '25', '-o', 'x'], 2, /at most the 24 of the model/],
    [
      ['pack', 'small.bin', '--target', 'wasm32', '--tokenizer', 'cut-words.bin', '-o', 'x'],
      3,
      /is not the tokenizer of this model: token 262 has a length of 2/,
    ],
  ])('%j', (args, exit, expected) => {
    const { status, stderr } = mote(...args);
    expect(stderr.split('\n')[0]).toMatch(expected);
    expect(status).toBe(exit);
    expect(existsSync(join(folder, 'x'))).toBe(false);
  });
});
