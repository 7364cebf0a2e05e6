// SPDX-License-Identifier: Apache-2.0
// npu: a run of nodes that an NPU computes. Attribute `blob` counts in Graph.blobs; the partition (src/npu/partition.ts)
// makes such nodes, no file has them.
import { type Graph, makeData, type Node, type TensorData } from '../model/graph.js';
import { bytesOf } from '../model/tensorData.js';
import { runnerOf } from '../npu/blobRunner.js';
import type { NpuBlob } from '../npu/npuBlob.js';
import { badShape } from './attributes.js';
import type { OpSpec } from './op.js';

function blobOf(node: Node, graph: Graph): NpuBlob {
  return graph.blobs?.[Number(node.attrs.blob)] ?? badShape(node, 'its compiled form is not there');
}

export const npu: OpSpec = {
  op: 'npu',
  madeHere: true,
  infer: (node, graph) =>
    node.outputs.map((id) => ({ shape: graph.tensors[id].shape, dtype: graph.tensors[id].dtype })),
  macs: (node, graph) => blobOf(node, graph).macs,
  lower(node, { graph }) {
    const blob = blobOf(node, graph);
    return runnerOf(blob).emitC(blob);
  },
  evaluate(node, inputs, { graph }) {
    const blob = blobOf(node, graph);
    const given = inputs.map((data) => bytesOf(data as TensorData));
    const results = runnerOf(blob).simulate(blob, given);
    return results.map((bytes, i) => {
      const out = makeData(graph.tensors[node.outputs[i]].dtype, bytes.length);
      new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes);
      return out;
    });
  },
};
