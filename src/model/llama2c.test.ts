// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openPlainLlama, plainText } from '../../test/support/plainLlama.js';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { canonicalize } from '../passes/index.js';
import { readModel } from './readModel.js';
import { resetStates } from './state.js';
import { checkpointBytes, headerInts, smallShape } from './testing/checkpoint.js';

const bytes = checkpointBytes(smallShape);
const tokens = [1, 7, 30, 7, 39, 0, 12, 12];

describe('readLlama2c', () => {
  it.each([
    ['heads that share keys', {}],
    ['a head of its own for each key', { kvHeads: 4 }],
    ['one key for all heads', { kvHeads: 1, layers: 3 }],
    ['a classifier of its own', { separate: true }],
  ])('computes what the plain implementation does, with %s', (_, change) => {
    const file = checkpointBytes({ ...smallShape, ...change }, 5);
    const graph = canonicalize(readModel(file, 'small.bin'));
    const state = resetStates(graph);
    const next = plainText(openPlainLlama(file));
    for (const token of tokens) {
      const [logits] = evaluateGraph(graph, [Int32Array.of(token)], { rounding: 'single', state });
      const expected = next(token);
      expect(logits.length).toBe(expected.length);
      expected.forEach((v, i) => {
        expect(Math.abs((logits as Float32Array)[i] - v)).toBeLessThan(1e-4);
      });
    }
  });

  it('keeps the newest place for what follows a full context', () => {
    const graph = canonicalize(readModel(bytes, 'small.bin', { context: 3 }));
    const state = resetStates(graph);
    const shapes = [...state.keys()].map((id) => graph.tensors[id].shape[0]);
    expect(shapes).toEqual([1, 3, 3, 3, 3]);
    for (const token of tokens) {
      const [logits] = evaluateGraph(graph, [Int32Array.of(token)], { rounding: 'single', state });
      expect((logits as Float32Array).every(Number.isFinite)).toBe(true);
    }
  });

  it('says how much context there is', () => {
    expect(readModel(bytes, 'small.bin').text).toEqual({ vocabulary: 40, context: 24 });
    expect(() => readModel(bytes, 'small.bin', { context: 25 })).toThrow(/at most the 24 of the model, not '25'/);
  });
});

describe('odd checkpoints end in one sentence', () => {
  const outcome = (file: Uint8Array): string => {
    try {
      readModel(file, 'odd.bin');
      return 'read';
    } catch (error) {
      return (error as Error).message;
    }
  };
  const withHeader = (change: object): Uint8Array =>
    Uint8Array.from([...new Uint8Array(headerInts({ ...smallShape, ...change }).buffer), ...bytes.subarray(28)]);
  it.each([
    ['cut', bytes.subarray(0, bytes.length - 4), /damaged: .* has \d+ bytes, the file has \d+/],
    ['longer', Uint8Array.of(...bytes, 0), /damaged: .* has \d+ bytes/],
    ['header only', bytes.subarray(0, 28), /damaged: .* has \d+ bytes, the file has 28/],
    ['cut in the header', bytes.subarray(0, 27), /does not begin like a model/],
    ['vast', withHeader({ width: 65_536, hidden: 2 ** 20, layers: 1024, vocabulary: 2 ** 22 }), /damaged: .* has \d+/],
    ['without layers', withHeader({ layers: 0 }), /does not begin like a model/],
    ['with odd heads', withHeader({ heads: 3 }), /does not begin like a model/],
    ['with more keys than heads', withHeader({ kvHeads: 8 }), /does not begin like a model/],
    ['not a number', bytes.map((b, i) => (i >= 40 && i < 44 ? 0xff : b)), /damaged: a weight is not a finite number/],
    ['of a later version', Uint8Array.of(0x32, 0x34, 0x6b, 0x61, 2, 0, 0, 0, 0), /later version/],
  ])('%s', (_, file, expected) => {
    expect(outcome(file)).toMatch(expected);
  });

  it('never throws anything but an error of the list', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(255), fc.nat(bytes.length), (at, value, length) => {
        const copy = bytes.slice(0, length);
        if (at < copy.length) copy[at] = value;
        expect(outcome(copy)).toMatch(/^read$|damaged|neither TFLite nor ONNX nor/);
      }),
    );
  });
});
