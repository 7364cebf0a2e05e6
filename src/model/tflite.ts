// SPDX-License-Identifier: Apache-2.0
// TensorFlow Lite files -> Graph.
//
// Promise: reads only within the file, allocates at most a few times its size, always ends, and throws only MoteError.
// Only damage throws: an operator that mote does not have becomes an `unsupported` node that says why.
import { fail } from '../cli/errors.js';
import { inferNode } from '../passes/inferShapes.js';
import { checkDataflow, dropUnused } from './dataflow.js';
import {
  addTensor,
  emptyGraph,
  type Graph,
  type Tensor as IrTensor,
  NO_TENSOR,
  type Node,
  type Quant,
  type TensorId,
} from './graph.js';
import { maxInterface, maxItems } from './limits.js';
import { uniqueNames } from './names.js';
import { nearestTo } from './nearest.js';
import { asRefusal, Refusal, refuse, unsupportedAttrs } from './refusal.js';
import { builtinName, customOperator } from './tflite/builtins.js';
import { FlatBuffer, type FlatTable } from './tflite/flatbuffer.js';
import { TfliteNode, type TfliteOperator } from './tflite/node.js';
import { type Convert, operators, stateful } from './tflite/operators.js';
import { Model, Operator, OperatorCode, SubGraph, Tensor } from './tflite/schema.js';
import { readTensor } from './tflite/tensors.js';

const schemaVersion = 3;

/** The file as the conversion walks through it. */
interface State {
  file: FlatBuffer;
  graph: Graph;
  tensors: FlatTable[];
  buffers: FlatTable[];
  codes: FlatTable[];
  /** IR tensor of each tensor of the file that was met so far, or why it has none. */
  met: Map<number, TensorId | Refusal>;
  variables: Set<TensorId>;
}

/** `name` becomes the graph's name. */
export function readTflite(bytes: Uint8Array, name: string): Graph {
  const file = new FlatBuffer(bytes);
  const model = file.root();
  const version = model.get(Model.version);
  if (version !== schemaVersion) file.damaged(`it says schema version ${version}, TFLite has ${schemaVersion}`);
  const subgraph = model.get(Model.subgraphs)[0] ?? file.damaged('it has no subgraph');
  const state: State = {
    file,
    graph: emptyGraph(name, { format: 'tflite', producer: model.get(Model.description)?.trim(), quantized: false }),
    tensors: subgraph.get(SubGraph.tensors),
    buffers: model.get(Model.buffers),
    codes: model.get(Model.operatorCodes),
    met: new Map(),
    variables: new Set(),
  };
  readInterface(state, subgraph);
  const found = subgraph.get(SubGraph.operators);
  if (found.length === 0) file.damaged('it has no operators');
  const nameOf = uniqueNames();
  for (const operator of found) readOperator(state, operator, nameOf);
  return finish(state);
}

function readInterface(state: State, subgraph: FlatTable): void {
  const { graph, file, tensors } = state;
  graph.inputs = subgraph.get(SubGraph.inputs).map((i) => required(state, i));
  graph.outputs = subgraph.get(SubGraph.outputs).map((i) => required(state, i));
  if (graph.outputs.length === 0) file.damaged('it has no outputs');
  for (const ids of [graph.inputs, graph.outputs]) {
    if (ids.length > maxInterface) file.damaged(`it has ${ids.length} inputs or outputs`);
  }
  for (const index of subgraph.get(SubGraph.inputs)) {
    const signature = tensors[index].get(Tensor.shapeSignature);
    const free = signature.findIndex((d, axis) => d < 0 && axis > 0);
    if (free < 0) continue;
    const reason = `dimension ${free} of this input is not fixed; export the model with a fixed shape`;
    fail('model.shape', { node: tensors[index].get(Tensor.name) ?? `tensor${index}`, op: 'input', reason });
  }
}

/** IR tensor of tensor `index`; a Refusal where mote has no such tensors. */
function tensorOf(state: State, index: number): TensorId | Refusal {
  const known = state.met.get(index);
  if (known !== undefined) return known;
  const table = state.tensors[index];
  if (table === undefined)
    return state.file.damaged(`an operator refers to tensor ${index} of ${state.tensors.length}`);
  const result = refusable(() => {
    const { tensor, isVariable } = readTensor(state.file, table, index, state.buffers);
    const id = addTensor(state.graph, tensor);
    if (isVariable) state.variables.add(id);
    return id;
  });
  state.met.set(index, result);
  return result;
}

/** A graph input or output has to be a tensor that mote has. */
function required(state: State, index: number): TensorId {
  const id = tensorOf(state, index);
  if (!(id instanceof Refusal)) return id;
  const { reason, change } = id;
  return fail('model.unsupported', { node: `tensor${index}`, op: 'input or output', reason, change });
}

function refusable<T>(action: () => T): T | Refusal {
  try {
    return action();
  } catch (error) {
    return asRefusal(error);
  }
}

function readOperator(state: State, table: FlatTable, nameOf: (wanted: string) => string): void {
  const { graph } = state;
  const { builtin, convert } = operatorOf(state, table);
  const optional = (index: number): TensorId | Refusal => (index === -1 ? NO_TENSOR : tensorOf(state, index));
  const written = table.get(Operator.outputs);
  const [inputs, outputs] = [table.get(Operator.inputs).map(optional), written.map(optional)];
  // TFLite names tensors, not operators; where layers were merged the name lists them all.
  const name = nameOf(state.tensors[written[0]]?.get(Tensor.name)?.split(';')[0] || builtin);
  const nodeCount = graph.nodes.length;
  const stateCount = graph.states?.length ?? 0;
  const result = refusable(() => {
    if (convert === undefined) return refuse('mote has no such operator', nearestTo(builtin));
    const known = (id: TensorId | Refusal): TensorId => usable(state, id, builtin);
    const operator: TfliteOperator = {
      name,
      builtin,
      inputs: inputs.map(known),
      outputs: outputs.map(known),
      optionsType: table.get(Operator.optionsType),
      options: table.get(Operator.options),
      variables: state.variables,
      charge: (bytes) => state.file.charge(bytes),
    };
    convert(new TfliteNode(graph, operator));
    return checkShapes(graph, nodeCount);
  });
  if (!(result instanceof Refusal)) return;
  graph.nodes.length = nodeCount;
  if (graph.states) graph.states.length = stateCount;
  const kept = (id: TensorId | Refusal): TensorId =>
    id instanceof Refusal || state.variables.has(id) ? NO_TENSOR : id;
  const attrs = unsupportedAttrs(builtin, result);
  graph.nodes.push({ op: 'unsupported', name, inputs: inputs.map(kept), outputs: outputs.map(kept), attrs });
}

/** A tensor that an operator of mote's can read or write. */
function usable(state: State, id: TensorId | Refusal, builtin: string): TensorId {
  if (id instanceof Refusal) throw id;
  if (!state.variables.has(id) || stateful.has(builtin)) return id;
  return refuse(`it keeps state in '${state.graph.tensors[id].name}'`, 'use a model without state between inferences');
}

/** The operator's name and its row; custom operators have none, whatever they are called. */
function operatorOf(state: State, table: FlatTable): { builtin: string; convert?: Convert } {
  const index = table.get(Operator.opcodeIndex);
  const code = state.codes[index] ?? state.file.damaged(`an operator refers to code ${index} of ${state.codes.length}`);
  // The field grew from 8 to 32 bits; the larger of both is meant
  // (tensorflow/compiler/mlir/lite/schema/schema_utils.cc).
  const number = Math.max(code.get(OperatorCode.deprecatedBuiltinCode), code.get(OperatorCode.builtinCode));
  if (number === customOperator) return { builtin: code.get(OperatorCode.customCode) || 'CUSTOM' };
  const builtin = builtinName(number);
  return Object.hasOwn(operators, builtin) ? { builtin, convert: operators[builtin] } : { builtin };
}

/** What the file says of computed tensors must be what the operators give. */
function checkShapes(graph: Graph, from: number): void {
  for (const node of graph.nodes.slice(from)) {
    const stated = node.outputs.map((id) => ({ ...graph.tensors[id] }));
    try {
      inferNode(graph, node);
      for (const [i, id] of node.outputs.entries()) checkSame(node, graph.tensors[id], stated[i]);
    } finally {
      node.outputs.forEach((id, i) => {
        graph.tensors[id] = stated[i];
      });
    }
  }
}

function checkSame(node: Node, given: IrTensor, stated: IrTensor): void {
  if (given.shape.length !== stated.shape.length || given.shape.some((d, i) => d !== stated.shape[i])) {
    const reason = `the file says shape [${stated.shape}], the operator gives [${given.shape}]`;
    fail('model.shape', { node: node.name, op: node.op, reason });
  }
  if (given.dtype !== stated.dtype) {
    refuse(`its output is ${stated.dtype}, mote would give ${given.dtype}`, 'use one type for input and output');
  }
  if (given.quant !== undefined && !(stated.quant && alike(given.quant, stated.quant))) {
    refuse(`its output has another scale than the operator gives`, 'convert the model again with a current converter');
  }
}

/** Files carry scales as float32. */
function alike(a: Quant, b: Quant): boolean {
  return (
    a.scales.length === b.scales.length &&
    a.scales.every((s, c) => Math.abs(s / b.scales[c] - 1) < 1e-5) &&
    a.zeroPoints.every((z, c) => z === b.zeroPoints[c])
  );
}

function finish(state: State): Graph {
  const { graph } = state;
  if (graph.nodes.length > maxItems) state.file.damaged('it has too many operators');
  checkDataflow(graph);
  const used = dropUnused(graph);
  const quantized = used.nodes.some(
    (n) => n.op !== 'quantize' && n.outputs.some((id) => used.tensors[id]?.quant !== undefined),
  );
  return { ...used, source: { ...used.source, quantized } };
}
