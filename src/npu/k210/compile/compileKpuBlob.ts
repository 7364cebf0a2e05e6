// SPDX-License-Identifier: Apache-2.0
// A graph of nodes that the KPU takes -> a blob whose payload is a kmodel of KPU layers.
import { type Graph, type TensorId, tensorBytes } from '../../../model/graph.js';
import { version } from '../../../version.js';
import { LeftToCpu, NeedsOwnBlob } from '../../npuBackend.js';
import { type BlobPort, blobRegions, type CompiledBlob } from '../../npuBlob.js';
import { portsOf } from '../blobModel.js';
import type { KpuConvNode } from '../kmodel.js';
import { kpuRamBytes } from '../kpuMemory.js';
import { writeKmodel } from '../writeKmodel.js';
import { compileProgram } from './compileKpu.js';
import type { KpuProgram } from './kpuLayer.js';
import { lowerGraph, programInputs } from './lowerGraph.js';
import { fullestLayer, placedMaps } from './placeMaps.js';

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

/** Where maps do not fit, the fullest layer gets a blob without the maps that only live beside it; what does not fit alone
 *  is the CPU's. */
function requireRoom({ nodes }: Graph, program: KpuProgram): void {
  if (Array.isArray(placedMaps(program))) return;
  const { layer, ownBytes } = fullestLayer(program);
  const own = program.nodesOf[layer];
  const at = own.map((n) => nodes.indexOf(n));
  const [first, last] = [Math.min(...at), Math.max(...at)];
  if (ownBytes <= kpuRamBytes && last - first + 1 < nodes.length)
    throw new NeedsOwnBlob(nodes.slice(first, last + 1).map((n) => n.name));
  const reason =
    ownBytes > kpuRamBytes
      ? `its maps take ${ownBytes} bytes, the KPU's memory has ${kpuRamBytes}`
      : `its maps and those that live beside them do not fit into the KPU's memory of ${kpuRamBytes} bytes`;
  throw new LeftToCpu([own[0].name], reason);
}

export function compileKpuBlob(graph: Graph, config: string): CompiledBlob {
  const program = lowerGraph(graph, graph.nodes, graph.outputs);
  requireRoom(graph, program);
  const compiled = compileProgram(program);
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
      cycles: cycles.reduce((sum, c, i) => sum + (program.nodesOf[i][0].name === name ? c : 0), 0),
    })),
  };
}
