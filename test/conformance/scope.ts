// SPDX-License-Identifier: Apache-2.0
// Which cases are in scope. A case is in scope when each of its operators is in scope.json's list and no row of `limits`
// says otherwise; everything that decides is in that file.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GraphProto, ModelProto, NodeProto } from '../../src/model/onnx/schema.js';

interface Limit {
  reason: string;
  /** All that are given must hold. */
  operators?: string[];
  /** Dimensions of the graph's first input. */
  inputRank?: number;
  /** Attribute and the value (text or integer) that it must have. */
  attribute?: [string, string | number];
  /** Element types (enum TensorProto.DataType) of any graph input or output. */
  types?: number[];
  /** Number of outputs of the node that are used. */
  outputs?: number;
}

interface Scope {
  operators: string[];
  limits: Limit[];
  constants: Record<string, number[] | 'all'>;
}

const scope: Scope = JSON.parse(readFileSync(join(import.meta.dirname, 'scope.json'), 'utf8'));

/** Inputs of an operator that a model has as constants. */
export function constantPositions(operator: string, inputs: number): number[] {
  const stated = scope.constants[operator] ?? [];
  return stated === 'all' ? Array.from({ length: inputs }, (_, i) => i) : stated;
}

function attributeIs(node: NodeProto, [name, value]: [string, string | number]): boolean {
  const found = node.attributes.find((a) => a.name === name);
  return found !== undefined && (typeof value === 'string' ? found.s === value : found.i === value);
}

function limitHolds(limit: Limit, graph: GraphProto, node: NodeProto): boolean {
  const ports = [...graph.inputs, ...graph.outputs];
  return (
    (limit.operators?.includes(node.opType) ?? true) &&
    (limit.inputRank === undefined || graph.inputs[0]?.dims?.length === limit.inputRank) &&
    (limit.attribute === undefined || attributeIs(node, limit.attribute)) &&
    (limit.types === undefined || ports.some((p) => limit.types?.includes(p.elementType))) &&
    (limit.outputs === undefined || node.output.filter((name) => name !== '').length === limit.outputs)
  );
}

/** Why the case is out of scope, or undefined. */
export function outOfScope({ graph }: ModelProto): string | undefined {
  for (const node of graph?.nodes ?? []) {
    if (!scope.operators.includes(node.opType)) return `${node.opType} is not in scope`;
    const limit = scope.limits.find((l) => graph && limitHolds(l, graph, node));
    if (limit) return `${node.opType}: ${limit.reason}`;
  }
  return undefined;
}
