// SPDX-License-Identifier: Apache-2.0
// A layer with its maps placed -> the node of a kmodel: the twelve words, and what they point to.
import { weightLoadBytes } from '../checkKmodel.js';
import { type KpuConvNode, kernelSizes } from '../kmodel.js';
import type { MemoryRange } from '../kmodelBytes.js';
import { type MapShape, mapElements, rowLayout } from '../kpuMemory.js';
import type { LayerWords } from '../layerWords.js';
import { pools } from '../pooling.js';
import { finishOf } from './finish.js';
import type { KpuLayer } from './kpuLayer.js';

interface Placed {
  input: MapShape;
  output: MapShape;
  sourceRow: number;
  targetRow: number;
}

/** Weights are loaded in passes of whole output channels; a depthwise layer takes all at once. */
function loadsOf(layer: KpuLayer, outputs: number) {
  const perChannel = layer.weights.length / outputs;
  const channels = layer.depthwise ? outputs : Math.min(outputs, Math.floor(weightLoadBytes / perChannel));
  return { channels, loads: Math.ceil(outputs / channels), bytes: channels * perChannel };
}

function wordsOf(layer: KpuLayer, { input, output, sourceRow, targetRow }: Placed): Partial<LayerWords> {
  const from = rowLayout(input.width);
  const to = rowLayout(output.width);
  const loads = loadsOf(layer, output.channels);
  return {
    depthwise: layer.depthwise ? 1 : 0,
    sourceRow,
    destinationRow: targetRow,
    inputChannelsM1: input.channels - 1,
    outputChannelsM1: output.channels - 1,
    channelsPerLoadM1: loads.channels - 1,
    inputWidthM1: input.width - 1,
    inputHeightM1: input.height - 1,
    outputWidthM1: output.width - 1,
    outputHeightM1: output.height - 1,
    kernelType: kernelSizes.indexOf(layer.kernel),
    poolType: pools.findIndex((p) => p.name === layer.pool),
    loadParameters: 1,
    dmaBurst: 15,
    padValue: layer.inputZero,
    loadCoordinates: 1,
    loadsM1: loads.loads - 1,
    bytesPerLoad: loads.bytes,
    channelSwitch: from.rowsPerLine * input.height,
    rowSwitch: from.rowsPerLine,
    channelsPerRow: from.channelsPerRow,
    loadActivation: 1,
    writeChannelSwitch: to.rowsPerLine * output.height,
    writeRowSwitch: to.rowsPerLine,
    writeChannelsPerRow: to.channelsPerRow,
    argX: -layer.weightZero,
    argW: -layer.inputZero,
    argAdd: layer.kernel * layer.kernel * layer.weightZero * layer.inputZero,
    channelBytesM1: output.width * output.height - 1,
    outputBytesM1: mapElements(output) - 1,
  };
}

/** The node; `mainOutput` says where its map also goes in main memory, 0 bytes: nowhere. */
export function layerNode(layer: KpuLayer, placed: Placed, mainOutput: MemoryRange): KpuConvNode {
  const words = wordsOf(layer, placed);
  return {
    op: 'kpuConv2d',
    mainOutput,
    layer: words as LayerWords,
    stray: [],
    ...finishOf(layer),
    weights: layer.weights,
  };
}
