// SPDX-License-Identifier: Apache-2.0
// Nodes that the KPU takes -> a kmodel of KPU layers only: inputs in the KPU's RAM, outputs dense in main memory.
import type { Graph, Node, TensorId } from '../../../model/graph.js';
import type { Kmodel } from '../kmodel.js';
import type { MemoryRange, Shape4 } from '../kmodelBytes.js';
import { kpuRowBytes, type MapShape, mapElements, mapRows } from '../kpuMemory.js';
import type { KpuProgram, MapId } from './kpuLayer.js';
import { layerNode } from './layerNode.js';
import { lowerGraph } from './lowerGraph.js';
import { placeMaps } from './placeMaps.js';

/** Main memory begins its ranges at multiples of 8: the DMA moves 64 bits (kendryte-standalone-sdk, kpu.c). */
export const mainAlignBytes = 8;
export const alignMain = (bytes: number): number => Math.ceil(bytes / mainAlignBytes) * mainAlignBytes;

const nowhere: MemoryRange = { area: 'constants', type: 'float32', startBytes: 0, bytes: 0 };

const shape4 = ({ channels, height, width }: MapShape): Shape4 => [1, channels, height, width];

/** Outputs one behind the other. */
function outputRanges({ maps, outputs }: KpuProgram): Map<MapId, MemoryRange> {
  let at = 0;
  const ranges = new Map<MapId, MemoryRange>();
  for (const id of outputs) {
    if (ranges.has(id)) continue;
    const bytes = mapElements(maps[id].shape);
    ranges.set(id, { area: 'main', type: 'uint8', startBytes: at, bytes });
    at += alignMain(bytes);
  }
  return ranges;
}

/** `outputs`: tensors wanted in main memory, all of them made by the nodes. */
export const compileKpu = (graph: Graph, nodes: readonly Node[], outputs: readonly TensorId[]): Kmodel =>
  compileProgram(lowerGraph(graph, nodes, outputs));

export function compileProgram(program: KpuProgram): Kmodel {
  const rows = placeMaps(program);
  const ranges = outputRanges(program);
  const layers = program.layers.map((layer) => {
    const input = program.maps[layer.source].shape;
    const output = program.maps[layer.target].shape;
    const main = ranges.get(layer.target);
    const node = layerNode(
      layer,
      { input, output, sourceRow: rows[layer.source], targetRow: rows[layer.target] },
      main ?? nowhere,
    );
    return { ...node, layer: { ...node.layer, sendDataOut: main ? 1 : 0 } };
  });
  return {
    constants: new Uint8Array(0),
    mainBytes: [...ranges.values()].reduce((most, r) => Math.max(most, r.startBytes + alignMain(r.bytes)), 0),
    inputs: program.inputs.map((id) => {
      const { shape } = program.maps[id];
      const bytes = mapRows(shape) * kpuRowBytes;
      return { range: { area: 'kpu', type: 'uint8', startBytes: rows[id] * kpuRowBytes, bytes }, shape: shape4(shape) };
    }),
    outputs: program.outputs.map((id) => ranges.get(id) as MemoryRange),
    nodes: layers,
  };
}
