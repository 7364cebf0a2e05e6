// SPDX-License-Identifier: Apache-2.0
// Functions of the model and If: nodes that stand for the nodes of a body.
import { describe, expect, it } from 'vitest';
import { f32, i64, model, node, ops, read, run, sentence } from './testing/onnxCases.js';
import type { TestBranch, TestFunction, TestNode } from './testing/onnxWriter.js';

const own = (op: string, inputs: string[], attributes: TestNode['attributes'] = {}, outputs = ['y']): TestNode => ({
  ...node(op, inputs, attributes, outputs),
  domain: 'own',
});
const withFunctions = (nodes: TestNode[], functions: TestFunction[]) =>
  model([1, 3], nodes, [f32('w', [1, 3], [1, 2, 3])], { functions, domains: [{ domain: 'own', version: 1 }] });

const scaled: TestFunction = {
  name: 'Scaled',
  domain: 'own',
  inputs: ['a', 'b'],
  outputs: ['r'],
  nodes: [
    node('LeakyRelu', ['a'], { alpha: { reference: 'slope', type: 'float' } }, ['t']),
    node('Mul', ['t', 'b'], {}, ['r']),
  ],
  defaults: { slope: { float: 0.5 } },
};
const twice: TestFunction = {
  name: 'Twice',
  domain: 'own',
  inputs: ['a', 'b'],
  outputs: ['r', 'same'],
  nodes: [
    node('Neg', ['a'], {}, ['t']),
    own('Scaled', ['t', 'b'], { slope: { reference: 'slope', type: 'float' } }, ['u']),
    own('Scaled', ['u', 'b'], {}, ['r']),
    node('Identity', ['b'], {}, ['same']),
  ],
};

describe('functions of an ONNX model', () => {
  it('are inlined, with defaults of their attributes', () => {
    const graph = withFunctions([node('Neg', ['x'], {}, ['t']), own('Scaled', ['t', 'w'])], [scaled]);
    expect(ops(read(graph))).toEqual(['neg', 'leakyRelu', 'mul']);
    expect(run(graph).values).toEqual([-0, -1, -3]);
  });

  it('call functions and pass attributes on; their names do not meet', () => {
    const call = own('Twice', ['x', 'w'], { slope: { float: 0.25 } }, ['y']);
    // -x, leaky by 0.25, times w; leaky by 0.5, times w.
    expect(run(withFunctions([call], [twice, scaled])).values).toEqual([-0, -0.5, -2.25]);
    const again = [
      own('Twice', ['x', 'w'], { slope: { float: 1 } }, ['t', 'v']),
      own('Twice', ['t', 'v'], { slope: { float: 1 } }),
    ];
    expect(run(withFunctions(again, [twice, scaled])).values).toEqual([0, 8, 81]);
  });

  it('may give an input back, and be given none for an input left out', () => {
    const same: TestFunction = { name: 'Same', domain: 'own', inputs: ['a'], outputs: ['a'], nodes: [] };
    expect(run(withFunctions([own('Same', ['x'], {}, ['t']), node('Neg', ['t'])], [same])).values).toEqual([
      -0, -1, -2,
    ]);
    const clip: TestFunction = {
      name: 'Cut',
      domain: 'own',
      inputs: ['a', 'low', 'high'],
      outputs: ['r'],
      nodes: [node('Clip', ['a', 'low', 'high'], {}, ['r'])],
    };
    expect(run(withFunctions([own('Cut', ['x'])], [clip])).values).toEqual([0, 1, 2]);
  });

  it('name the operator inside that mote does not have', () => {
    const odd: TestFunction = { ...scaled, nodes: [node('Nowhere', ['a'], {}, ['r'])] };
    const refused = read(withFunctions([own('Scaled', ['x', 'w'])], [odd])).nodes.find((n) => n.op === 'unsupported');
    expect(refused?.attrs.operator).toBe('Nowhere');
  });

  const hostile: Record<string, [TestNode[], TestFunction[], RegExp]> = {
    'that call themselves': [
      [own('Loop', ['x'])],
      [{ ...scaled, name: 'Loop', inputs: ['a'], nodes: [own('Loop', ['a'], {}, ['r'])] }],
      /'Loop' calls itself/,
    ],
    'that call each other': [
      [own('A', ['x'])],
      ['A', 'B'].map((name, i) => ({
        ...scaled,
        name,
        inputs: ['a'],
        nodes: [own('BA'[i], ['a'], {}, ['r'])],
      })),
      /'A' calls itself/,
    ],
    'that read what nothing computes': [
      [own('Scaled', ['x', 'w'])],
      [{ ...scaled, nodes: [node('Add', ['a', 'absent'], {}, ['r'])] }],
      /reads '.*absent', which nothing has computed/,
    ],
    'that do not see the names around them': [
      [own('Scaled', ['x', 'x'])],
      [{ ...scaled, nodes: [node('Add', ['a', 'w'], {}, ['r'])] }],
      /which nothing has computed/,
    ],
    'that do not compute their output': [
      [own('Scaled', ['x', 'w'])],
      [{ ...scaled, nodes: [node('Neg', ['a'], {}, ['t'])] }],
      /'Scaled' does not compute its output 0/,
    ],
    'with too many inputs': [[own('Scaled', ['x', 'w', 'w'])], [scaled], /more inputs or outputs than it has/],
    'that are there twice': [[own('Scaled', ['x', 'w'])], [scaled, scaled], /'Scaled' is there twice/],
    'that grow exponentially': [
      [own('F0', ['x'])],
      Array.from({ length: 40 }, (_, i) => ({
        ...scaled,
        name: `F${i}`,
        inputs: ['a'],
        nodes:
          i === 39
            ? [node('Constant', [], { value_float: { float: 1 } }, ['r'])]
            : [own(`F${i + 1}`, ['a'], {}, ['t']), own(`F${i + 1}`, ['t'], {}, ['r'])],
      })),
      /out of proportion/,
    ],
    'in a long chain': [
      [own('F0', ['x'])],
      Array.from({ length: 200 }, (_, i) => ({
        ...scaled,
        name: `F${i}`,
        inputs: ['a'],
        nodes: [i === 199 ? node('Neg', ['a'], {}, ['r']) : own(`F${i + 1}`, ['a'], {}, ['r'])],
      })),
      /more than 64 deep/,
    ],
    'whose attributes are referred to from outside': [
      [node('LeakyRelu', ['x'], { alpha: { reference: 'slope', type: 'float' } })],
      [],
      /refers to a function's, but is in none/,
    ],
  };
  it.each(Object.entries(hostile))('%s end in one sentence', (_, [nodes, functions, expected]) => {
    expect(sentence(withFunctions(nodes, functions))).toMatch(expected);
  });
});

describe('If', () => {
  const branch = (nodes: TestNode[], output: string): TestBranch => ({ outputs: [{ name: output }], nodes });
  const negate = branch([node('Neg', ['x'], {}, ['r'])], 'r');
  const keep = branch([node('Mul', ['x', 'w'], {}, ['r'])], 'r');
  const choose = (condition: string) =>
    node('If', [condition], { then_branch: { graph: negate }, else_branch: { graph: keep } });
  const asked = (length: number) =>
    model(
      [1, 3],
      [
        node('Shape', ['x'], {}, ['s']),
        node('Gather', ['s', 'one'], { axis: { int: 0 } }, ['d']),
        node('Equal', ['d', 'length'], {}, ['c']),
        choose('c'),
      ],
      [f32('w', [1, 3], [1, 2, 3]), i64('one', 1), i64('length', length)],
    );

  it('takes the branch that shapes choose', () => {
    expect(run(asked(3)).values).toEqual([-0, -1, -2]);
    expect(run(asked(4)).values).toEqual([0, 2, 6]);
  });

  it('may hold constants and another If, and give back what is around it', () => {
    const inner: TestBranch = {
      ...branch([node('Greater', ['r', 'r'], {}, ['c']), choose('c')], 'y'),
      constants: [f32('r', [], [1])],
    };
    const outer = (then: TestBranch) =>
      model(
        [1, 3],
        [node('If', ['c'], { then_branch: { graph: then } }, ['t']), node('Neg', ['t'])],
        [f32('w', [1, 3], [1, 2, 3]), { name: 'c', type: 'bool', dims: [], data: Uint8Array.of(1) }],
      );
    expect(run(outer(inner)).values).toEqual([-0, -2, -6]);
    expect(run(outer(branch([], 'x'))).values).toEqual([-0, -1, -2]);
  });

  it('is refused where its condition is computed, and named', () => {
    const graph = model([1], [node('Greater', ['x', 'w'], {}, ['c']), choose('c')], [f32('w', [1], [1])]);
    const refused = read(graph).nodes.find((n) => n.op === 'unsupported');
    expect(refused?.attrs).toMatchObject({ operator: 'If', reason: 'its condition is computed, not constant' });
  });

  it('without its branch ends in one sentence', () => {
    const graph = model([1], [node('If', ['c'])], [{ name: 'c', type: 'bool', dims: [], data: Uint8Array.of(0) }]);
    expect(sentence(graph)).toMatch(/attribute 'else_branch' is missing/);
  });
});
