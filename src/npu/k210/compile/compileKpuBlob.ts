// SPDX-License-Identifier: Apache-2.0
// A graph of nodes that the KPU takes -> a blob whose payload is a kmodel of KPU layers.
import { type Graph, type TensorId, tensorBytes } from '../../../model/graph.js';
import { version } from '../../../version.js';
import { type BlobPort, blobRegions, type CompiledBlob } from '../../npuBlob.js';
import { portsOf } from '../blobModel.js';
import type { KpuConvNode } from '../kmodel.js';
import { writeKmodel } from '../writeKmodel.js';
import { compileKpu } from './compileKpu.js';
import { programInputs } from './lowerGraph.js';

/** 0.23 TOPS at 400 MHz (K210 datasheet): 64 units of nine products. A real layer takes longer. */
const productsPerCycle = 576;

const cyclesOf = ({ layer, weights }: KpuConvNode): number =>
  Math.ceil(((layer.inputWidthM1 + 1) * (layer.inputHeightM1 + 1) * weights.length) / productsPerCycle);

function reordered<T>(list: readonly T[], from: readonly TensorId[], to: readonly TensorId[]): T[] {
  return to.map((id) => {
    const at = from.indexOf(id);
    if (at < 0) throw new Error('the KPU’s program reads another tensor than its graph');
    return list[at];
  });
}

export function compileKpuBlob(graph: Graph, config: string): CompiledBlob {
  const { model: compiled, names } = compileKpu(graph, graph.nodes, graph.outputs);
  const model = { ...compiled, inputs: reordered(compiled.inputs, programInputs(graph.nodes), graph.inputs) };
  const { layers } = portsOf(model);
  const cycles = layers.map(cyclesOf);
  const port = (id: TensorId, i: number): BlobPort => ({
    name: graph.tensors[id].name,
    region: blobRegions.ports + i,
    offsetBytes: 0,
    bytes: tensorBytes(graph.tensors[id]),
  });
  return {
    backend: 'k210',
    config,
    provider: 'builtin',
    tool: `mote ${version}`,
    payload: writeKmodel(model),
    constants: new Uint8Array(0),
    scratchBytes: 0,
    fastScratchBytes: 0,
    inputs: graph.inputs.map(port),
    outputs: graph.outputs.map((id, i) => port(id, graph.inputs.length + i)),
    cycles: cycles.reduce((sum, c) => sum + c, 0),
    layers: graph.nodes.map(({ name }) => ({
      name,
      cycles: cycles.reduce((sum, c, i) => sum + (names[i] === name ? c : 0), 0),
    })),
  };
}
