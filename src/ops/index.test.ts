// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MoteError } from '../cli/errors.js';
import { type Attrs, addTensor, type DType, emptyGraph, type Graph, makeData, quantOf } from '../model/graph.js';
import { packageRoot } from '../packageRoot.js';
import { opSpec, opSpecs } from './index.js';

describe('the operator table', () => {
  it('is the table of README.md', () => {
    const text = readFileSync(join(packageRoot, 'src', 'ops', 'README.md'), 'utf8');
    const documented = text
      .split('\n')
      .filter((l) => l.startsWith('| `'))
      .flatMap((l) => [...l.split('|')[1].matchAll(/`(\w+)`/g)].map((m) => m[1]));
    expect([...opSpecs.keys()].sort()).toEqual(documented.sort());
    expect(opSpec('noSuchOperator')).toBeUndefined();
  });
});

const keys = [
  'strides',
  'dilations',
  'pads',
  'groups',
  'multiplier',
  'kernel',
  'countIncludePad',
  'axes',
  'axis',
  'keepDims',
  'beta',
  'min',
  'max',
  'alpha',
  'shape',
  'perm',
  'value',
  'begin',
  'size',
  'epsilon',
  'activation',
];
const number = fc.oneof(
  fc.integer({ min: -3, max: 9 }),
  fc.constantFrom(1, 1, 2 ** 31, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY),
);
const value = fc.oneof(
  number,
  fc.array(number, { maxLength: 5 }),
  fc.constantFrom('x', true, undefined, {}, { min: 0, max: 6 }, { min: 1, max: 'x' }, [
    [0, 1],
    [1, 1],
  ]),
  fc.constantFrom([1, 1], [0, 0, 0, 0], [0, 1, 2, 3], [0]),
);
const attrs = fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 8 }) as fc.Arbitrary<Attrs>;
const shape = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 5 });
const dtype = fc.constantFrom<DType>('float32', 'int8', 'int16', 'uint8', 'int32');
const tensor = fc.record({
  shape: fc.oneof(shape, fc.constantFrom<number[]>([1, 4, 4, 2], [3, 2, 2, 2], [1, 2, 2, 2])),
  dtype,
  constant: fc.boolean(),
});

/** infer, unsupported and lower of a node that a hostile file could hold; what they throw must be for the user. */
function probe(
  op: string,
  nodeAttrs: Attrs,
  inputs: { shape: number[]; dtype: DType; constant: boolean }[],
  output: DType,
): void {
  const graph: Graph = emptyGraph('hostile', { format: 'mote', quantized: false });
  const ids = inputs.map(({ shape: s, dtype: d, constant }, i) =>
    addTensor(graph, {
      name: `t${i}`,
      dtype: d,
      shape: s,
      quant: quantOf(0.5, i),
      ...(constant
        ? {
            data: makeData(
              d,
              s.reduce((a, b) => a * b, 1),
            ),
          }
        : {}),
    }),
  );
  const out = addTensor(graph, { name: 'out', dtype: output, shape: [], quant: quantOf(0.25, 1) });
  const node = { op, name: 'node', inputs: ids, outputs: [out], attrs: nodeAttrs };
  const spec = opSpec(op);
  if (!spec) throw new Error(op);
  const [inferred] = spec.infer(node, graph);
  Object.assign(graph.tensors[out], inferred);
  expect(spec.macs(node, graph)).toBeGreaterThanOrEqual(0);
  if (spec.unsupported?.(node, graph) || spec.alias) return;
  expect(spec.lower(node, { graph, rounding: 'tflite', target: { id: 'wasm32', isa: ['ref'] } }).kernel).toMatch(
    /^mote_/,
  );
}

describe('hostile nodes', () => {
  it.each([...opSpecs.keys()])('%s is refused with a sentence, or works', (op) => {
    fc.assert(
      fc.property(attrs, fc.array(tensor, { minLength: 5, maxLength: 5 }), dtype, (nodeAttrs, inputs, output) => {
        try {
          probe(op, nodeAttrs, op === 'concat' ? inputs.slice(0, 2) : inputs, output);
        } catch (error) {
          if (!(error instanceof MoteError)) throw error;
          expect(error.exit).toBe(3);
        }
      }),
      { numRuns: 400 },
    );
  });
});
