// SPDX-License-Identifier: Apache-2.0
// Provider `builtin`: mote's own compiler for Ethos-U, which needs no Python. What it has no lowering for goes to the CPU.
import type { Graph, TensorId } from '../../../model/graph.js';
import { version } from '../../../version.js';
import { LeftToCpu, type MemoryWish } from '../../npuBackend.js';
import type { BlobLayer, BlobPort, CompiledBlob } from '../../npuBlob.js';
import { decodeStream } from '../commandStream.js';
import { readPayload } from '../payload.js';
import { builtinObstacle } from './builtinObstacle.js';
import { type CompiledPort, compileGraph } from './compileGraph.js';
import { streamCycles } from './streamCycles.js';

const broken = (reason: string): never => {
  throw new Error(`mote's own stream: ${reason}`);
};

/** Every node can be compiled, or those with the first obstacle are named: what is left of the others is seen the next time. */
function requireLowerings(graph: Graph): void {
  const reasons = graph.nodes.map((n) => builtinObstacle(n, graph));
  const first = reasons.find((r) => r !== undefined);
  if (first === undefined) return;
  const left = graph.nodes.filter((_, i) => reasons[i] === first);
  throw new LeftToCpu(
    left.map((n) => n.name),
    first,
  );
}

/** Cycles of the operations that each node became; a node that is only addressing takes none. */
function layersOf(graph: Graph, names: readonly string[], cycles: readonly number[]): BlobLayer[] {
  return graph.nodes.map(({ name }) => ({
    name,
    cycles: Math.round(cycles.reduce((sum, c, i) => sum + (names[i] === name ? c : 0), 0)),
  }));
}

export async function compileBuiltin(graph: Graph, config: string, wish: MemoryWish = {}): Promise<CompiledBlob> {
  requireLowerings(graph);
  const { pieces, inputs, outputs, ...compiled } = compileGraph(graph, config, wish);
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
