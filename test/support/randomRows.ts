// SPDX-License-Identifier: Apache-2.0
// Operators of random models: which values each takes, and how it is written for one of them. Attributes are drawn so that
// the result is a valid model; what is not valid is made of valid ones (test/fuzz/damage.ts).
import type { TestAttribute } from '../../src/model/testing/onnxWriter.js';
import { count, type Draft, type Value } from './randomModel.js';
import { windowRows } from './randomWindows.js';

export interface Row {
  op: string;
  fits?: (x: Value, opset: number) => boolean;
  build: (d: Draft, x: Value) => Value | Value[];
}

type Attributes = Record<string, TestAttribute>;

const largest = 4096;
const maxRank = 5;
const rank = ({ dims }: Value): number => dims.length;
const hasAxes = (x: Value): boolean => rank(x) > 0;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** One number to one number. `bound` where the result has one of its own. */
const unary = (
  op: string,
  bound?: (x: number) => number,
  attributes: (d: Draft) => Attributes = () => ({}),
  fits?: Row['fits'],
): Row => ({
  op,
  fits,
  build: (d, x) => d.node(op, x, [], attributes(d), { bound: bound?.(x.bound) ?? x.bound }),
});

const jumping = (op: string, attributes: (d: Draft) => Attributes = () => ({})): Row => ({
  op,
  build: (d, x) => d.node(op, x, [], attributes(d), { bound: x.bound + 1, jumps: true }),
});

const one = (): number => 1;
const alpha = (d: Draft): Attributes => ({ alpha: { float: d.random.real(0.01, 1.5) } });

const functions: Row[] = [
  unary('Relu'),
  unary('Relu'),
  unary('LeakyRelu', (b) => 2 * b, alpha),
  unary('Sigmoid', one),
  unary('Tanh', one),
  unary('HardSwish', undefined, undefined, (_, opset) => opset >= 14),
  unary('HardSigmoid', one, alpha),
  unary('Elu', (b) => b + 2, alpha),
  unary('Celu', (b) => b + 2, alpha),
  unary('Selu', (b) => 2 * b + 2),
  unary('Softplus', (b) => b + 1),
  unary('Softsign', one),
  unary('Mish', undefined, undefined, (_, opset) => opset >= 18),
  unary(
    'Gelu',
    undefined,
    (d) => ({ approximate: { text: d.random.pick(['none', 'tanh']) } }),
    (_, o) => o >= 20,
  ),
  unary('Erf', one),
  unary('Abs'),
  unary('Neg'),
  unary('Sin', one),
  unary('Cos', one),
  unary('Atan', () => 2),
  unary('Asinh'),
  unary(
    'Exp',
    (b) => Math.exp(b),
    undefined,
    (x) => x.bound < 4,
  ),
  unary('Identity'),
  unary('Dropout'),
  jumping('Floor'),
  jumping('Ceil'),
  jumping('Round'),
  jumping('Sign'),
  jumping('ThresholdedRelu', alpha),
  jumping('Shrink', (d) => ({ lambd: { float: d.random.real(0, 1) }, bias: { float: d.random.real(-1, 1) } })),
  { op: 'Sqrt', build: (d, x) => d.node('Sqrt', d.node('Abs', x), [], {}, { jumps: true }) },
  {
    op: 'Log',
    build: (d, x) => d.node('Log', d.node('Add', d.node('Abs', x), [d.number(0.5)]), [], {}, { bound: x.bound + 1 }),
  },
  {
    op: 'Reciprocal',
    build: (d, x) => d.node('Reciprocal', d.node('Add', d.node('Abs', x), [d.number(0.5)]), [], {}, { bound: 2 }),
  },
  {
    op: 'Clip',
    build: (d, x) => {
      const low = d.random.chance(0.8) ? d.number(d.random.real(-1, 0)) : '';
      return d.node('Clip', x, [low, d.number(d.random.real(0, 6))]);
    },
  },
  { op: 'Silu', build: (d, x) => d.node('Mul', d.node('Sigmoid', x), [x.name], {}, { bound: x.bound }) },
];

/** Element by element, with another value that may have to be spread over this one. */
const binary = (op: string, bound: (x: number, y: number) => number, swaps = true): Row => ({
  op,
  build: (d, x) => {
    const y = d.partner(x);
    const changed = { bound: bound(x.bound, y.bound), jumps: x.jumps || y.jumps };
    if (!swaps || d.random.chance(0.6)) return d.node(op, x, [y.name], {}, changed);
    return d.node(op, { ...x, name: y.name }, [x.name], {}, changed);
  },
});

const arithmetic: Row[] = [
  binary('Add', (x, y) => x + y),
  binary('Add', (x, y) => x + y),
  binary('Sub', (x, y) => x + y),
  binary('Mul', (x, y) => x * y),
  binary('Max', Math.max),
  binary('Min', Math.max),
  {
    op: 'Div',
    build: (d, x) => {
      const y = d.partner(x);
      const safe = d.node('Add', d.node('Abs', y), [d.number(0.5)]);
      return d.node('Div', x, [safe.name], {}, { bound: 2 * x.bound, jumps: x.jumps || y.jumps });
    },
  },
  {
    op: 'Pow',
    build: (d, x) => {
      const base = d.node('Add', d.node('Abs', x), [d.number(0.25)], {}, { bound: x.bound + 0.25 });
      const exponent = d.random.pick([0.5, 2, 3, -1, 1.5]);
      const bound = Math.max(base.bound ** exponent, 0.25 ** exponent);
      return d.node('Pow', base, [d.number(exponent)], {}, { bound });
    },
  },
  {
    op: 'PRelu',
    build: (d, x) => {
      const dims = x.dims.map((n, i) => (i === 1 ? n : 1)).slice(1);
      return d.node('PRelu', x, [d.floats(dims, 1)]);
    },
  },
  {
    op: 'Where',
    build: (d, x) => {
      const y = d.partner(x);
      const test = d.node(d.random.pick(['Greater', 'LessOrEqual', 'Less', 'Equal']), x, [d.number(0.1)]);
      return d.node('Where', test, [x.name, y.name], {}, { bound: Math.max(x.bound, y.bound), jumps: true });
    },
  },
  {
    op: 'Sum',
    build: (d, x) => {
      const more = range(d.random.int(1, 3)).map(() => d.partner(x));
      const all = [x, ...more];
      const bound = all.reduce((a, v) => a + v.bound, 0);
      return d.node(
        'Sum',
        x,
        more.map((v) => v.name),
        {},
        { bound, jumps: all.some((v) => v.jumps) },
      );
    },
  },
];

// What moves elements

/** Two or three factors of a count, in any order. */
function otherShape(d: Draft, elements: number): number[] {
  const dims: number[] = [];
  let rest = elements;
  for (let i = d.random.int(0, 2); i > 0; i--) {
    const factors = range(rest)
      .map((k) => k + 1)
      .filter((k) => rest % k === 0);
    dims.push(d.random.pick(factors));
    rest /= dims[dims.length - 1];
  }
  return [...dims, rest];
}

function shuffled(d: Draft, n: number): number[] {
  const list = range(n);
  for (let i = n - 1; i > 0; i--) {
    const j = d.random.int(0, i);
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

const moves: Row[] = [
  {
    op: 'Reshape',
    build: (d, x) => {
      const dims = otherShape(d, count(x.dims));
      const asked = d.random.chance(0.3) ? dims.map((v, i) => (i === dims.length - 1 ? -1 : v)) : dims;
      return d.node('Reshape', x, [d.ints(asked)], {}, { dims });
    },
  },
  {
    op: 'Transpose',
    fits: hasAxes,
    build: (d, x) => {
      const perm = shuffled(d, rank(x));
      return d.node('Transpose', x, [], { perm: { ints: perm } }, { dims: perm.map((p) => x.dims[p]) });
    },
  },
  {
    op: 'Flatten',
    fits: hasAxes,
    build: (d, x) => {
      const axis = d.random.int(0, rank(x));
      const dims = [count(x.dims.slice(0, axis)), count(x.dims.slice(axis))];
      return d.node('Flatten', x, [], { axis: { int: axis } }, { dims });
    },
  },
  {
    op: 'Squeeze',
    fits: (x) => rank(x) > 1 && x.dims.includes(1),
    build: (d, x) => {
      const axis = d.random.pick(range(rank(x)).filter((i) => x.dims[i] === 1));
      return d.node('Squeeze', x, [d.ints([axis])], {}, { dims: x.dims.filter((_, i) => i !== axis) });
    },
  },
  {
    op: 'Unsqueeze',
    fits: (x) => rank(x) < maxRank,
    build: (d, x) => {
      const axis = d.random.int(0, rank(x));
      return d.node('Unsqueeze', x, [d.ints([axis])], {}, { dims: x.dims.toSpliced(axis, 0, 1) });
    },
  },
  {
    op: 'Concat',
    fits: (x) => hasAxes(x) && count(x.dims) * 4 <= largest,
    build: (d, x) => {
      const axis = d.random.int(0, rank(x) - 1);
      const same = d.values.filter((v) => rank(v) === rank(x) && v.dims.every((n, i) => i === axis || n === x.dims[i]));
      const all = [x, ...range(d.random.int(0, 4)).map(() => d.random.pick(same))];
      const dims = x.dims.with(
        axis,
        all.reduce((sum, v) => sum + v.dims[axis], 0),
      );
      if (count(dims) > largest) return d.node('Identity', x);
      const changed = { dims, bound: Math.max(...all.map((v) => v.bound)), jumps: all.some((v) => v.jumps) };
      return d.node(
        'Concat',
        x,
        all.slice(1).map((v) => v.name),
        { axis: { int: axis } },
        changed,
      );
    },
  },
  {
    op: 'Split',
    fits: (x) => x.dims.some((n) => n > 1),
    build: (d, x) => {
      const axis = d.random.pick(range(rank(x)).filter((i) => x.dims[i] > 1));
      const first = d.random.int(1, x.dims[axis] - 1);
      const parts = [first, x.dims[axis] - first];
      const made = parts.map((n) => ({ ...x, name: d.name(), dims: x.dims.with(axis, n) }));
      d.emit(
        'Split',
        [x.name, d.ints(parts)],
        made.map((v) => v.name),
        { axis: { int: axis } },
      );
      return made;
    },
  },
  {
    op: 'Slice',
    fits: hasAxes,
    build: (d, x) => {
      const axis = d.random.int(0, rank(x) - 1);
      const length = x.dims[axis];
      const step = d.random.pick([1, 1, 2, 3, -1, -2]);
      const size = d.random.int(1, Math.ceil(length / Math.abs(step)));
      const reach = (size - 1) * Math.abs(step);
      const low = d.random.int(0, length - 1 - reach);
      const start = step > 0 ? low : low + reach;
      const end = step > 0 ? start + reach + 1 : start - reach - 1 < 0 ? -length - 1 : start - reach - 1;
      const lists = [[start], [end], [axis], [step]].map((list) => d.ints(list));
      return d.node('Slice', x, lists, {}, { dims: x.dims.with(axis, size) });
    },
  },
  {
    op: 'Pad',
    fits: (x) => hasAxes(x) && count(x.dims) * 8 <= largest && x.dims.length <= 4,
    build: (d, x) => {
      const mode = d.random.pick(['constant', 'reflect', 'edge']);
      const most = (n: number): number => (mode === 'reflect' ? Math.min(n - 1, 2) : 2);
      const pads = [...x.dims, ...x.dims].map((n) => (d.random.chance(0.5) ? d.random.int(0, most(n)) : 0));
      const dims = x.dims.map((n, i) => n + pads[i] + pads[i + rank(x)]);
      if (count(dims) > largest) return d.node('Identity', x);
      const value = mode === 'constant' && d.random.chance(0.5) ? [d.number(d.random.real(-1, 1))] : [];
      return d.node(
        'Pad',
        x,
        [d.ints(pads), ...value],
        { mode: { text: mode } },
        { dims, bound: Math.max(1, x.bound) },
      );
    },
  },
  {
    op: 'Gather',
    fits: hasAxes,
    build: (d, x) => {
      const axis = d.random.int(0, rank(x) - 1);
      const indices = range(d.random.int(1, 4)).map(() => d.random.int(-x.dims[axis], x.dims[axis] - 1));
      const scalar = rank(x) > 1 && d.random.chance(0.3);
      const dims = x.dims.toSpliced(axis, 1, ...(scalar ? [] : [indices.length]));
      if (count(dims) > largest) return d.node('Identity', x);
      const list = scalar ? d.ints(indices.slice(0, 1), []) : d.ints(indices);
      return d.node('Gather', x, [list], { axis: { int: axis } }, { dims });
    },
  },
  {
    op: 'Tile',
    fits: (x) => hasAxes(x) && count(x.dims) * 4 <= largest,
    build: (d, x) => {
      const axis = d.random.int(0, rank(x) - 1);
      const repeats = x.dims.map((_, i) => (i === axis ? d.random.int(1, 3) : 1));
      return d.node('Tile', x, [d.ints(repeats)], {}, { dims: x.dims.map((n, i) => n * repeats[i]) });
    },
  },
  {
    op: 'Expand',
    fits: (x) => x.dims.includes(1) && count(x.dims) * 3 <= largest,
    build: (d, x) => {
      const axis = d.random.pick(range(rank(x)).filter((i) => x.dims[i] === 1));
      const dims = x.dims.with(axis, d.random.int(1, 3));
      return d.node('Expand', x, [d.ints(dims)], {}, { dims });
    },
  },
];

// Reductions and normalizations

function axesAnd(d: Draft, x: Value, inputSince: number): { inputs: string[]; attributes: Attributes; dims: number[] } {
  const axes = shuffled(d, rank(x)).slice(0, d.random.int(1, rank(x)));
  const keep = d.random.chance(0.5);
  const dims = x.dims.map((n, i) => (axes.includes(i) ? 1 : n)).filter((_, i) => keep || !axes.includes(i));
  const asInput = d.opset >= inputSince;
  return {
    inputs: asInput ? [d.ints(axes)] : [],
    attributes: { keepdims: { int: keep ? 1 : 0 }, ...(asInput ? {} : { axes: { ints: axes } }) },
    dims,
  };
}

const reduction = (op: string, bound: (x: number, n: number) => number, inputSince = 18): Row => ({
  op,
  fits: hasAxes,
  build: (d, x) => {
    const { inputs, attributes, dims } = axesAnd(d, x, inputSince);
    const n = count(x.dims) / Math.max(1, count(dims));
    return d.node(op, x, inputs, attributes, {
      dims,
      bound: bound(x.bound, n),
      ...(op === 'ReduceL2' ? { jumps: true } : {}),
    });
  },
});

const vector = (d: Draft, n: number, offset = 0): string => d.floats([n], 0.9, offset);

const reductions: Row[] = [
  reduction('ReduceMean', (x) => x),
  reduction('ReduceSum', (x, n) => x * n, 13),
  reduction('ReduceMax', (x) => x),
  reduction('ReduceMin', (x) => x),
  reduction('ReduceL1', (x, n) => x * n),
  reduction('ReduceL2', (x, n) => x * Math.sqrt(n)),
  reduction('ReduceSumSquare', (x, n) => x * x * n),
  reduction('ReduceLogSumExp', (x, n) => x + Math.log(n)),
  ...['Softmax', 'LogSoftmax'].map(
    (op): Row => ({
      op,
      fits: hasAxes,
      build: (d, x) =>
        d.node(op, x, [], { axis: { int: d.random.int(-rank(x), rank(x) - 1) } }, { bound: 2 * x.bound + 8 }),
    }),
  ),
  {
    op: 'LayerNormalization',
    fits: (x, opset) => opset >= 17 && rank(x) > 0 && x.dims[rank(x) - 1] > 1,
    build: (d, x) => {
      const n = x.dims[rank(x) - 1];
      // Of a row of nearly equal numbers the division by their deviation makes anything.
      return d.node(
        'LayerNormalization',
        x,
        [vector(d, n, 1), vector(d, n)],
        { epsilon: { float: 0.01 } },
        { bound: 2 * Math.sqrt(n) + 1 },
      );
    },
  },
  {
    op: 'BatchNormalization',
    fits: (x) => rank(x) >= 2 && x.dims[0] === 1 && rank(x) <= 4,
    build: (d, x) => {
      const n = x.dims[1];
      const more = [vector(d, n, 1), vector(d, n), vector(d, n), vector(d, n, 1.1)];
      return d.node('BatchNormalization', x, more, {}, { bound: 5 * (x.bound + 1) + 1 });
    },
  },
  {
    op: 'InstanceNormalization',
    fits: (x) => rank(x) >= 3 && rank(x) <= 4 && x.dims[0] === 1 && count(x.dims.slice(2)) > 1,
    build: (d, x) => {
      const n = x.dims[1];
      const bound = 2 * Math.sqrt(count(x.dims.slice(2))) + 1;
      return d.node(
        'InstanceNormalization',
        x,
        [vector(d, n, 1), vector(d, n)],
        { epsilon: { float: 0.01 } },
        { bound },
      );
    },
  },
  {
    op: 'ArgMax',
    fits: hasAxes,
    build: (d, x) => {
      const axis = d.random.int(0, rank(x) - 1);
      const index = d.node('ArgMax', x, [], { axis: { int: axis } }, { dims: x.dims.with(axis, 1), jumps: true });
      return d.node('Cast', index, [], { to: { int: 1 } }, { bound: x.dims[axis] });
    },
  },
];

export const rows: readonly Row[] = [...functions, ...arithmetic, ...moves, ...reductions, ...windowRows];
