// SPDX-License-Identifier: Apache-2.0
// A case -> the graph that runs, through mote's own line, or why there is none.
import { MoteError } from '../../src/cli/errors.js';
import type { Graph } from '../../src/model/graph.js';
import { Meter, readMessage } from '../../src/model/onnx/protobuf.js';
import { type ModelProto, model as modelType } from '../../src/model/onnx/schema.js';
import { readModel } from '../../src/model/readModel.js';
import { canonicalize } from '../../src/passes/index.js';
import { findObstacles } from '../../src/support.js';
import { type Case, tensorName } from './cases.js';
import { withBatchOne, withConstants } from './modelBytes.js';
import { constantPositions } from './scope.js';

export interface Prepared {
  graph: Graph;
  /** Data sets beside each other in the data; the graph takes one of them. */
  batch: number;
}

export const readProto = (bytes: Uint8Array): ModelProto => readMessage(bytes, modelType, new Meter());

/** A sentence for the user counts as an answer; anything else that is thrown is called what it is. */
export function orSentence<T>(action: () => T): T | string {
  try {
    return action();
  } catch (error) {
    return error instanceof MoteError ? error.message : `defect: ${String(error)}`;
  }
}

function read(bytes: Uint8Array, batch = 1): Prepared | string {
  const graph = orSentence(() => canonicalize(readModel(bytes, 'case.onnx')));
  if (typeof graph === 'string') {
    const input = readProto(bytes).graph?.inputs[0];
    const shape = input?.dims?.map((d) => d.value ?? 0) ?? [];
    if (batch > 1 || !/batch size is/.test(graph) || !(shape[0] > 1)) return graph;
    return read(withBatchOne(bytes, shape), shape[0]);
  }
  const [obstacle] = findObstacles(graph);
  return obstacle ? `${obstacle.operator}: ${obstacle.reason}` : { graph, batch };
}

/** Data files of the graph's inputs that a model has as constants: the test hands over weights, axes and scales. */
function constantFiles({ model, sets }: Case): Uint8Array[] {
  const proto = readProto(model).graph;
  if (!proto) return [];
  const names = new Set(
    proto.nodes.flatMap((n) => constantPositions(n.opType, n.input.length).map((i) => n.input[i] ?? '')),
  );
  return sets[0].inputs.filter((file) => names.has(tensorName(file)));
}

/** As it is, or else with what a model has as constants made constant. */
export function prepare(c: Case): Prepared | string {
  const asIs = read(c.model);
  if (typeof asIs !== 'string' || c.sets.length !== 1) return asIs;
  const constants = constantFiles(c);
  if (constants.length === 0) return asIs;
  return read(withConstants(c.model, constants));
}
