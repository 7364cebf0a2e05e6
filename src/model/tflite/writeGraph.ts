// SPDX-License-Identifier: Apache-2.0
// Graph -> .tflite: for mote export, and for compilers that read TFLite. What is read again gives the same answers: scales
// are float32 in a file, so a graph that has finer ones is first made `asInFile`.
import { fail } from '../../cli/errors.js';
import { version } from '../../version.js';
import { type Graph, NO_TENSOR, type Node, type Tensor, type TensorId } from '../graph.js';
import { builtinCode } from './builtins.js';
import { type FileModel, type FileOperator, type FileTensor, tensorType, writeTflite } from './tfliteFile.js';
import { type Writing, type WrittenOperator, writers } from './writeOperators.js';

const fileScale = (scale: number): number => Math.max(Math.fround(scale), 2 ** -149);

/** The same graph with the scales that a file can hold. */
export function asInFile(graph: Graph): Graph {
  const rounded = (t: Tensor): Tensor =>
    t.quant ? { ...t, quant: { ...t.quant, scales: t.quant.scales.map(fileScale) } } : t;
  return { ...graph, tensors: graph.tensors.map(rounded) };
}

/** A bias has the scale of its products; mote's own graphs need not say it. */
function withBiasScale(node: Node, tensors: readonly Tensor[], bias: Tensor): Tensor {
  const [input, weights] = [tensors[node.inputs[0]].quant, tensors[node.inputs[1]].quant];
  if (bias.quant || bias.dtype === 'float32' || !input || !weights) return bias;
  const scales = weights.scales.map((s) => s * input.scales[0]);
  return { ...bias, quant: { scales, zeroPoints: new Int32Array(scales.length), axis: 0 } };
}

const weighted = new Set(['conv2d', 'depthwiseConv2d', 'fullyConnected']);

/** Tensors and operators of the file as they are written. */
class GraphFile {
  readonly tensors: Tensor[];
  readonly operators: { row: WrittenOperator; outputs: TensorId[] }[] = [];

  constructor(graph: Graph) {
    this.tensors = [...graph.tensors];
  }

  add(node: Node): void {
    const refuse = (reason: string): never => fail('export.node', { node: node.name, op: node.op, reason });
    const writer = Object.hasOwn(writers, node.op) ? writers[node.op] : refuse('the format has no such operator');
    if (weighted.has(node.op) && node.inputs[2] !== undefined && node.inputs[2] !== NO_TENSOR)
      this.tensors[node.inputs[2]] = withBiasScale(node, this.tensors, this.tensors[node.inputs[2]]);
    const row = writer(node, this.writing(node, refuse));
    this.operators.push({ row, outputs: node.outputs });
  }

  private writing(node: Node, refuse: (reason: string) => never): Writing {
    return {
      refuse,
      tensor: (id) => this.tensors[id],
      constant: (name, like) => this.tensors.push({ name, ...like }) - 1,
      before: (row, shape) => {
        const { name, dtype, quant } = this.tensors[node.inputs[0]];
        const id = this.tensors.push({ name: `${name}/${node.name}`, dtype, shape, ...(quant ? { quant } : {}) }) - 1;
        this.operators.push({ row, outputs: [id] });
        return id;
      },
    };
  }
}

function fileTensor(tensor: Tensor): FileTensor {
  const { name, dtype, shape, quant, data } = tensor;
  if (!(dtype in tensorType))
    return fail('export.node', { node: name, op: 'tensor', reason: `TFLite has no ${dtype}` });
  return {
    name,
    type: dtype as FileTensor['type'],
    shape,
    ...(data ? { data } : {}),
    ...(quant ? { scales: [...quant.scales], zeroPoints: [...quant.zeroPoints], axis: quant.axis } : {}),
  };
}

/** The file; `export.node` names the first node that TFLite has no words for. */
export function writeTfliteGraph(graph: Graph): Uint8Array {
  if (graph.states?.length)
    fail('export.node', { node: graph.name, op: 'state', reason: 'state between inferences is not written' });
  const file = new GraphFile(graph);
  for (const node of graph.nodes) file.add(node);
  const ids = new Map<TensorId, number>();
  const tensors: FileTensor[] = [];
  const indexOf = (id: TensorId): number => {
    if (id === NO_TENSOR) return -1;
    const known = ids.get(id);
    if (known !== undefined) return known;
    ids.set(id, tensors.length);
    return tensors.push(fileTensor(file.tensors[id])) - 1;
  };
  const operators = file.operators.map(
    ({ row, outputs }): FileOperator => ({
      code: builtinCode(row.builtin),
      version: row.version,
      inputs: row.inputs.map(indexOf),
      outputs: outputs.map(indexOf),
      ...(row.options ? { options: row.options } : {}),
    }),
  );
  const model: FileModel = {
    tensors,
    operators,
    inputs: graph.inputs.map(indexOf),
    outputs: graph.outputs.map(indexOf),
    description: `mote ${version}`,
  };
  return writeTflite(model);
}
