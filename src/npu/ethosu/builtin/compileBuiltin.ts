// SPDX-License-Identifier: Apache-2.0
// Provider `builtin`: mote's own compiler for Ethos-U, which needs no Python. What it has no lowering for goes to the CPU.
import type { Graph, TensorId } from '../../../model/graph.js';
import { version } from '../../../version.js';
import { type BlobLayer, type BlobPort, type CompiledBlob, LeftToCpu } from '../../npuBackend.js';
import { decodeStream } from '../commandStream.js';
import { readPayload } from '../payload.js';
import { type CompiledPort, compileGraph } from './compileGraph.js';
import { hasLowering } from './lowerNode.js';
import { streamCycles } from './streamCycles.js';

const broken = (reason: string): never => {
  throw new Error(`mote's own stream: ${reason}`);
};

/** Everything is there, or the nodes that are not are named. */
function requireLowerings({ nodes }: Graph): void {
  const left = nodes.filter((n) => !hasLowering(n.op));
  if (left.length === 0) return;
  const ops = [...new Set(left.map((n) => n.op))].join(', ');
  throw new LeftToCpu(
    left.map((n) => n.name),
    `mote's own compiler for Ethos-U has no ${ops}`,
  );
}

/** Cycles of the operations that each node became; a node that is only addressing takes none. */
function layersOf(graph: Graph, names: readonly string[], cycles: readonly number[]): BlobLayer[] {
  return graph.nodes.map(({ name }) => ({
    name,
    cycles: Math.round(cycles.reduce((sum, c, i) => sum + (names[i] === name ? c : 0), 0)),
  }));
}

export async function compileBuiltin(graph: Graph, config: string): Promise<CompiledBlob> {
  requireLowerings(graph);
  const { pieces, inputs, outputs, ...compiled } = compileGraph(graph, config);
  const payload = readPayload(compiled.payload, broken);
  const { total, operations } = streamCycles(decodeStream(payload.words, broken), payload.config, broken);
  const named = (ids: readonly TensorId[], ports: readonly CompiledPort[]): BlobPort[] =>
    ports.map((port, i) => ({ name: graph.tensors[ids[i]].name, ...port }));
  return {
    ...compiled,
    backend: 'ethosu',
    config,
    provider: 'builtin',
    tool: `mote ${version}`,
    inputs: named(graph.inputs, inputs),
    outputs: named(graph.outputs, outputs),
    cycles: total,
    layers: layersOf(
      graph,
      pieces.map((p) => p.operation.name),
      operations,
    ),
  };
}
