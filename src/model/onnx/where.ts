// SPDX-License-Identifier: Apache-2.0
// Where, in the one use that has a kernel: Where(x >= c, a, -a) is a * sign(x - c). Frameworks for binary networks write
// their sign so (Brevitas' binary_sign), because ONNX's own gives 0 at 0.
import { refuse } from '../refusal.js';
import type { Convert } from './elementwise.js';
import type { OnnxNode } from './node.js';
import type { NodeProto } from './schema.js';

/** What equality gives, and whether the first choice is that of the larger numbers. */
const comparisons: Readonly<Record<string, { zero: 1 | -1; upward: boolean }>> = {
  GreaterOrEqual: { zero: 1, upward: true },
  Greater: { zero: -1, upward: true },
  Less: { zero: 1, upward: false },
  LessOrEqual: { zero: -1, upward: false },
};

const unfit = (): never =>
  refuse('mote has it only as a sign: Where(x >= c, a, -a)', 'compute the choice by other operators');

function comparisonOf(n: OnnxNode): { proto: NodeProto; zero: 1 | -1; upward: boolean } {
  const proto = n.producerOf(0);
  if (!proto || !Object.hasOwn(comparisons, proto.opType) || proto.input.length !== 2) return unfit();
  return { proto, ...comparisons[proto.opType] };
}

const oneNumber = (n: OnnxNode, name: string): number => {
  const value = n.values.get(name);
  return value.kind === 'constant' && value.tensor.data?.length === 1 ? Number(value.tensor.data[0]) : unfit();
};

export const convertWhere: Convert = (n) => {
  const { proto, zero, upward } = comparisonOf(n);
  const x = n.values.computed(proto.input[0]);
  if (x === undefined || n.values.unknown.has(x)) return unfit();
  const threshold = oneNumber(n, proto.input[1]);
  const [whenTrue, whenFalse] = [1, 2].map((i) => n.constantNumber(i, 'choice'));
  if (!Number.isFinite(threshold) || !Number.isFinite(whenTrue) || whenTrue !== -whenFalse) return unfit();
  const constant = (name: string, value: number): number =>
    n.values.place({
      kind: 'constant',
      tensor: { name: `${n.outputName}/${name}`, dtype: 'float32', shape: [], data: Float32Array.of(value) },
    });
  const moved = threshold === 0 ? x : n.temporary('sub', [x, constant('threshold', threshold)], {}, 'moved');
  const factor = upward ? whenTrue : whenFalse;
  if (factor === 1) n.emit('sign', [moved], { zero });
  else n.emit('mul', [n.temporary('sign', [moved], { zero }, 'sign'), constant('factor', factor)], {});
};
