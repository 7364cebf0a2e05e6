// SPDX-License-Identifier: Apache-2.0
// ONNX files -> Graph.
//
// Promise: reads only within the file, allocates at most a few times its size, always ends, and throws only MoteError.
// Only damage throws: an operator that mote does not have becomes an `unsupported` node that says why.
import { fail } from '../cli/errors.js';
import { checkDataflow, dropUnused } from './dataflow.js';
import { addTensor, emptyGraph, type Graph, type TensorId } from './graph.js';
import { maxInterface, maxRank, maxTensorBytes } from './limits.js';
import { uniqueNames } from './names.js';
import { newReader, outermost, readNodes } from './onnx/nodes.js';
import { readOpsets } from './onnx/opsets.js';
import { damaged, Meter, readMessage } from './onnx/protobuf.js';
import { type GraphProto, model as modelType, type ValueInfo } from './onnx/schema.js';
import { activationType, dtypeOf, isWidened } from './onnx/tensors.js';
import { Budget, Values } from './onnx/values.js';
import { Refusal } from './refusal.js';

/** `name` becomes the graph's name. */
export function readOnnx(bytes: Uint8Array, name: string): Graph {
  const meter = new Meter();
  const model = readMessage(bytes, modelType, meter);
  const proto = model.graph ?? damaged('it has no graph');
  const opsets = readOpsets(model.opsets, proto.nodes);
  if (proto.sparseInitializers > 0) damaged('it has sparse constants, which mote does not read');
  const graph = emptyGraph(name, {
    format: 'onnx',
    producer: `${model.producerName} ${model.producerVersion}`.trim(),
    quantized: false,
  });
  const infos = new Map([...proto.valueInfo, ...proto.outputs].map((info) => [info.name, info]));
  const values = new Values(graph, new Budget(bytes.length), infos);
  for (const tensor of proto.initializers) values.addInitializer(tensor);
  const wide = Math.max(proto.inputs.length - proto.initializers.length, proto.outputs.length);
  if (wide > maxInterface) damaged(`it has ${wide} inputs or outputs`);
  for (const input of proto.inputs) readInput(values, input);
  const nameOf = uniqueNames();
  readNodes(newReader(values, model.functions, meter, nameOf), proto.nodes, outermost(opsets));
  return finish(values, proto, nameOf);
}

// Inputs

function readInput(values: Values, info: ValueInfo): void {
  // Files of IR version 3 list the constants among the inputs.
  if (values.isInitializer(info.name)) return;
  const { graph } = values;
  const shape = inputShape(info);
  const stated = refusedByName(info.name, 'input', () => dtypeOf(info.elementType, info.name));
  const dtype = activationType(stated);
  const id = addTensor(graph, { name: info.name, dtype, shape });
  if (isWidened(info.elementType))
    addNote(graph, `input '${info.name}' is not float32 in the file; it is float32 here`);
  if (dtype !== stated)
    addNote(graph, `input '${info.name}' is ${stated} in the file; it is int32 here, and its values must fit`);
  values.bind(info.name, { kind: 'computed', id });
  graph.inputs.push(id);
}

const addNote = (graph: Graph, note: string): void => {
  graph.notes = [...(graph.notes ?? []), note];
};

/** The first dimension may be free: it is the batch, which is 1. */
function inputShape(info: ValueInfo): number[] {
  const bad = (reason: string): never => fail('model.shape', { node: info.name, op: 'input', reason });
  if (info.dims === undefined) return bad('it has no shape; export the model with fixed shapes');
  if (info.dims.length > maxRank) return bad(`it has ${info.dims.length} dimensions`);
  const shape = info.dims.map(({ value, parameter }, axis) => {
    if (value !== undefined && value > 0) return value;
    if (value !== undefined && value < -1) return bad(`dimension ${axis} is ${value}`);
    if (axis === 0) return 1;
    const called = parameter === '' ? '' : ` ('${parameter}')`;
    return bad(`dimension ${axis}${called} is not fixed; export the model with fixed shapes`);
  });
  if (shape.reduce((a, b) => a * b, 8) > maxTensorBytes) bad(`shape [${shape}] is too large`);
  return shape;
}

/** A graph input or output has to be a tensor that mote has. */
function refusedByName<T>(name: string, op: 'input' | 'output', action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return fail('model.unsupported', { node: name, op, reason: error.reason, change: error.change });
  }
}

// Outputs

function finish(values: Values, proto: GraphProto, nameOf: (wanted: string) => string): Graph {
  const { graph } = values;
  if (proto.outputs.length === 0) damaged('it has no outputs');
  if (graph.nodes.length === 0 && proto.nodes.length === 0) damaged('it has no nodes');
  graph.outputs = proto.outputs.map(({ name }) => outputOf(values, name, nameOf));
  checkDataflow(graph);
  const used = dropUnused(graph);
  const quantized = used.nodes.some(
    (n) => n.op !== 'quantize' && n.outputs.some((id) => used.tensors[id]?.quant !== undefined),
  );
  return { ...used, source: { ...used.source, quantized } };
}

/** An output that is an input, a constant or another output gets a tensor of its own. */
function outputOf(values: Values, name: string, nameOf: (wanted: string) => string): TensorId {
  const { graph } = values;
  const id = refusedByName(name, 'output', () => values.place(values.get(name)));
  const isOwn = !graph.inputs.includes(id) && !graph.outputs.includes(id) && graph.tensors[id].data === undefined;
  if (isOwn) {
    graph.tensors[id].name = name;
    return id;
  }
  const { data, ...tensor } = graph.tensors[id];
  const copy = addTensor(graph, { ...tensor, name, shape: [...tensor.shape] });
  graph.nodes.push({
    op: data ? 'constant' : 'reshape',
    name: nameOf(name),
    inputs: [id],
    outputs: [copy],
    attrs: data ? {} : { shape: [...tensor.shape] },
  });
  return copy;
}
