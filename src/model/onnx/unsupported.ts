// SPDX-License-Identifier: Apache-2.0
// What stands in the graph for an operator that mote does not have.
import { addTensor, NO_TENSOR, type TensorId } from '../graph.js';
import { maxRank, maxTensorBytes } from '../limits.js';
import { Refusal, unsupportedAttrs } from '../refusal.js';
import { keepsShape } from './operators.js';
import type { NodeProto, ValueInfo } from './schema.js';
import { activationType, dtypeOf } from './tensors.js';
import type { Values } from './values.js';

export function addUnsupported(
  values: Values,
  proto: NodeProto,
  name: string,
  operator: string,
  refusal: Refusal,
): void {
  const { graph } = values;
  const inputs = proto.input.map((input) => values.computed(input) ?? NO_TENSOR);
  const outputs = proto.output.map((output) =>
    output === '' ? NO_TENSOR : addUnknown(values, output, inputs[0], operator),
  );
  graph.nodes.push({ op: 'unsupported', name, inputs, outputs, attrs: unsupportedAttrs(operator, refusal) });
}

/** The output of an operator that mote does not have: its shape from the file, or from the operator's nature. */
function addUnknown(values: Values, name: string, input: TensorId | undefined, operator: string): TensorId {
  const stated = statedTensor(values.infos.get(name));
  const like =
    input !== undefined && input !== NO_TENSOR && keepsShape.has(operator) && !values.unknown.has(input)
      ? values.graph.tensors[input]
      : undefined;
  const { shape, dtype } = stated ?? like ?? { shape: [], dtype: 'float32' as const };
  const id = addTensor(values.graph, { name, dtype, shape: [...shape] });
  if (stated === undefined && like === undefined) values.unknown.set(id, operator);
  values.bind(name, { kind: 'computed', id });
  return id;
}

function statedTensor(info: ValueInfo | undefined): { shape: number[]; dtype: ReturnType<typeof dtypeOf> } | undefined {
  if (info?.dims === undefined || info.dims.length > maxRank) return undefined;
  const shape = info.dims.map((d, axis) => d.value ?? (axis === 0 ? 1 : 0));
  if (shape.some((d) => !(d > 0)) || shape.reduce((a, b) => a * b, 8) > maxTensorBytes) return undefined;
  try {
    return { shape, dtype: activationType(dtypeOf(info.elementType, info.name)) };
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
