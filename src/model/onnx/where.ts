// SPDX-License-Identifier: Apache-2.0
// Where as a sign: Where(x >= c, a, -a) is a * sign(x - c). Frameworks for binary networks write
// their sign so (Brevitas' binary_sign), because ONNX's own gives 0 at 0.
import type { OnnxNode } from './node.js';
import type { NodeProto } from './schema.js';
import type { Value } from './values.js';

/** What equality gives, and whether the first choice is that of the larger numbers. */
const comparisons: Readonly<Record<string, { zero: 1 | -1; upward: boolean }>> = {
  GreaterOrEqual: { zero: 1, upward: true },
  Greater: { zero: -1, upward: true },
  Less: { zero: 1, upward: false },
  LessOrEqual: { zero: -1, upward: false },
};

function comparisonOf(n: OnnxNode): { proto: NodeProto; zero: 1 | -1; upward: boolean } | undefined {
  const proto = n.producerOf(0);
  if (!proto || !Object.hasOwn(comparisons, proto.opType) || proto.input.length !== 2) return undefined;
  return { proto, ...comparisons[proto.opType] };
}

const oneNumber = (value: Value): number =>
  value.kind === 'constant' && value.tensor.data?.length === 1 ? Number(value.tensor.data[0]) : Number.NaN;

/** Emits the sign; false where the choice is none. */
export function convertSignChoice(n: OnnxNode): boolean {
  const found = comparisonOf(n);
  const x = found && n.values.computed(found.proto.input[0]);
  if (!found || x === undefined || n.values.unknown.has(x) || n.values.graph.tensors[x].dtype !== 'float32')
    return false;
  const { proto, zero, upward } = found;
  const threshold = oneNumber(n.values.get(proto.input[1]));
  const [whenTrue, whenFalse] = [1, 2].map((i) => oneNumber(n.value(i)));
  if (!Number.isFinite(threshold) || !Number.isFinite(whenTrue) || whenTrue !== -whenFalse) return false;
  const moved = threshold === 0 ? x : n.temporary('sub', [x, n.number('threshold', threshold)], {}, 'moved');
  const factor = upward ? whenTrue : whenFalse;
  if (factor === 1) n.emit('sign', [moved], { zero });
  else n.emit('mul', [n.temporary('sign', [moved], { zero }, 'sign'), n.number('factor', factor)], {});
  return true;
}
