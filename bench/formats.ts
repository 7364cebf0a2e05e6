// SPDX-License-Identifier: Apache-2.0
// What each weight format costs on each target: instructions of a layer against those of the same layer in int8.
import { loadBoard, loadTarget } from '../src/build/boards.js';
import { elementCount, emptyGraph } from '../src/model/graph.js';
import { opSpec } from '../src/ops/index.js';
import { benchBoards } from './boards.js';
import { addLayer, type LayerShape, storeAs } from './fitShapes.js';
import { countLayers, type LayerCount } from './layerCounts.js';

export interface FormatRow {
  target: string;
  layer: string;
  format: string;
  kernel: string;
  perMac: number;
  ofInt8: number;
}

const window = { strides: [1, 1], dilations: [1, 1] };

interface Layer {
  name: string;
  op: string;
  shape: LayerShape;
}

interface FormatCount extends LayerCount {
  format: string;
  macs: number;
}

const layers: readonly Layer[] = [
  {
    name: '1x1 conv 12x12 64->64',
    op: 'conv2d',
    shape: { inputs: [[1, 12, 12, 64]], weights: [64, 1, 1, 64], attrs: { ...window, pads: [0, 0, 0, 0], groups: 1 } },
  },
  { name: 'fc 640->128', op: 'fullyConnected', shape: { inputs: [[1, 640]], weights: [128, 640], attrs: {} } },
  {
    name: '3x3 depthwise 12x12x64',
    op: 'depthwiseConv2d',
    shape: {
      inputs: [[1, 12, 12, 64]],
      weights: [1, 3, 3, 64],
      attrs: { ...window, pads: [1, 1, 1, 1], multiplier: 1 },
    },
  },
];

const dense = ['int6', 'int4', 'int3', 'int2', 'int4g32', 'ternary', 'trits', 'binary', 'palette4', 'palette16c'];
const sparse = [
  'sparse1:4',
  'sparse2:4-int4',
  'block4',
  'block8',
  'block16',
  'block16-int4',
  'block16-int4g16',
  'int4+out',
];
/** Weights that one firmware may have: boards have little flash. */
const weightsTogether = 250_000;

/** Counts of a layer in these formats. */
async function countFormats(boardId: string, layer: Layer, formats: readonly string[]): Promise<FormatCount[]> {
  const target = loadTarget(loadBoard(boardId).target);
  const together = Math.max(1, Math.floor(weightsTogether / elementCount([...(layer.shape.weights ?? [])])));
  const found: FormatCount[] = [];
  for (let first = 0; first < formats.length; first += together) {
    const some = formats.slice(first, first + together);
    const graph = emptyGraph('formats', { format: 'mote', quantized: true });
    for (const format of some) {
      const node = addLayer(graph, layer.op, layer.shape);
      if (format !== 'int8') storeAs(graph, node, format);
    }
    const counts = await countLayers(graph, target, boardId);
    const macs = opSpec(layer.op)?.macs(graph.nodes[0], graph) ?? 0;
    found.push(...counts.map((c, i) => ({ ...c, format: some[i], macs })));
  }
  return found;
}

/** Half of the blocks are kept, at random; outliers are one in eight. */
export async function benchFormats(only: { target?: string }): Promise<FormatRow[]> {
  const rows: FormatRow[] = [];
  for (const boardId of benchBoards(only.target)) {
    const target = loadBoard(boardId).target;
    for (const layer of layers) {
      const counts = await countFormats(boardId, layer, ['int8', ...dense, ...sparse]);
      for (const { format, kernel, instructions, macs } of counts)
        rows.push({
          target,
          layer: layer.name,
          format,
          kernel,
          perMac: instructions / macs,
          ofInt8: instructions / counts[0].instructions,
        });
    }
  }
  return rows;
}
