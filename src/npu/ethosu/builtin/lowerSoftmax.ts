// SPDX-License-Identifier: Apache-2.0
// int8 softmax in the NPU's own operations, bit by bit TensorFlow Lite's: exponentials by a table of words, their sum, and
// gemmlowp's reciprocal by three steps of Newton. Facts: Vela's softmax.py (Apache-2.0), twins in ops/fixedPoint.ts.
import { softmaxExponentials, softmaxRows } from '../../../ops/softmax.js';
import type { ElementwiseMode } from '../registers.js';
import type { NpuRounding, Scale } from '../scaling.js';
import { asItIs, type Context, inputView, type Lowering, outputView, scratchView, wordConstant } from './lowering.js';
import { type MapView, type NpuOperation, pointKernel } from './npuOperation.js';
import { denseView } from './views.js';

const one: Scale = { multiplier: 1, shift: 0 };
/** A product of two Q0.31 numbers; for words the hardware takes the shift alone. */
const highProduct: Scale = { multiplier: 2 ** 30, shift: 31 };
const half: Scale = { multiplier: 1, shift: 1 };
const asTheyAre = { which: 0, a: one, b: one } as const;

/** A difference of -255 to 0 as a table counts it, which begins at -128. */
const tableZeroPoint = 127;
/** Exponentials are summed in Q12.19. */
const sumShift = 12;
const wordBits = 31;
const outputBits = 8;

interface Step {
  mode: ElementwiseMode;
  first: MapView;
  second: MapView;
  /** Of the first operand where none is given. */
  output?: MapView;
  reversed?: boolean;
  scale?: Scale;
  rounding?: NpuRounding;
}

/** Writes words, step by step. */
class Words {
  readonly operations: NpuOperation[] = [];
  constructor(readonly context: Context) {}

  step({ mode, first, second, reversed = false, rounding = 'tfl', ...rest }: Step): MapView {
    const output = rest.output ?? scratchView(this.context, first, 4);
    const scaled = mode === 'add' || mode === 'sub';
    const scale = rest.scale ?? (scaled ? one : undefined);
    this.operations.push({
      kind: 'elementwise',
      mode,
      name: this.context.node.name,
      input: first,
      second,
      output,
      reversed,
      stage: { ...asItIs, rounding, ...(scale ? { scale } : {}) },
      ...(scaled ? { scales: asTheyAre } : {}),
    });
    return output;
  }

  withWord(mode: ElementwiseMode, first: MapView, value: number, rest: Partial<Step> = {}): MapView {
    return this.step({ mode, first, second: wordConstant(this.context, value), ...rest });
  }
}

/** The table of the exponentials: entry 255 is the difference 0. */
function exponentialTable({ node, graph }: Context): Uint8Array {
  const words = softmaxExponentials(node, graph, 'tflite').toReversed();
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** e^(x - largest of its row), Q0.31. */
function exponentials(words: Words, x: MapView): MapView {
  const { context, operations } = words;
  const { height: rows, depth } = x;
  const largest = scratchView(context, { height: rows, width: 1, depth: 1 }, 1);
  const { name } = context.node;
  const asRow = denseView(x.storage, { height: rows, width: depth, depth: 1 }, 0, x.offset);
  const kernel = { ...pointKernel, width: depth };
  operations.push({ kind: 'pool', mode: 'max', name, input: asRow, output: largest, kernel, stage: asItIs });
  const output = scratchView(context, x, 4);
  operations.push({
    kind: 'elementwise',
    mode: 'sub',
    name,
    input: { ...x, zeroPoint: 0 },
    second: largest,
    output: { ...output, zeroPoint: tableZeroPoint },
    reversed: false,
    scales: asTheyAre,
    stage: { ...asItIs, scale: one, table: exponentialTable(context) },
  });
  return output;
}

/** Sum of each row, Q12.19. */
function sumOf(words: Words, exponentials: MapView): MapView {
  const terms = words.withWord('shr', exponentials, sumShift, { rounding: 'natural' });
  const sum = scratchView(words.context, { ...terms, depth: 1 }, 4);
  words.operations.push({
    kind: 'pool',
    mode: 'reduceSum',
    name: words.context.node.name,
    input: terms,
    output: sum,
    kernel: pointKernel,
    stage: { ...asItIs, scale: one },
  });
  return sum;
}

/** gemmlowp's one_over_one_plus_x_for_x_in_0_1: 48/17 and -32/17 in Q2.29 to begin with. */
const newton = { start: 1_515_870_810, slope: -1_010_580_540, one: 2 ** 29, steps: 3 } as const;

/** 1 / sum as a Q0.31 number and the shift that belongs to it. */
function reciprocal(words: Words, sum: MapView): { scale: MapView; shift: MapView } {
  const leadingZeros = words.step({ mode: 'clz', first: sum, second: sum });
  const offset = sumShift + wordBits - outputBits;
  const shift = words.withWord('sub', leadingZeros, offset, { reversed: true });
  const headroom = words.withWord('sub', leadingZeros, 1);
  const shifted = words.step({ mode: 'shl', first: sum, second: headroom });
  const fraction = words.withWord('shl', words.withWord('sub', shifted, 2 ** 30), 1);
  const denominator = words.withWord('add', fraction, 2 ** 31 - 1, { scale: half });
  const product = (first: MapView, second: MapView): MapView =>
    words.step({ mode: 'mul', first, second, scale: highProduct });
  let x = words.withWord('add', words.withWord('mul', denominator, newton.slope, { scale: highProduct }), newton.start);
  for (let i = 0; i < newton.steps; i++) {
    const error = words.withWord('sub', product(x, denominator), newton.one, { reversed: true });
    const correction = words.withWord('mul', product(x, error), 4, { scale: one });
    x = words.step({ mode: 'add', first: x, second: correction });
  }
  return { scale: words.withWord('mul', x, 2, { scale: one }), shift };
}

/** Rows of a dense map: a softmax does not care what is before its axis. */
function rowsOf(view: MapView, depth: number): MapView {
  const rows = (view.height * view.width * view.depth) / depth;
  return denseView(view.storage, { height: rows, width: 1, depth }, view.zeroPoint, view.offset);
}

export const lowerSoftmax: Lowering = (c) => {
  const { depth } = softmaxRows(c.node, c.graph);
  const words = new Words(c);
  const terms = exponentials(words, rowsOf(inputView(c), depth));
  const { scale, shift } = reciprocal(words, sumOf(words, terms));
  const shares = words.step({ mode: 'mul', first: terms, second: scale, scale: highProduct });
  words.step({ mode: 'shr', first: shares, second: shift, output: rowsOf(outputView(c), depth), rounding: 'natural' });
  return words.operations;
};
