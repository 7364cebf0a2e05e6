// SPDX-License-Identifier: Apache-2.0
// What a blob for the KPU holds: its payload is a kmodel of KPU layers alone, that any reader of such files takes.
import type { NpuBlob } from '../npuBlob.js';
import { type Kmodel, type KpuConvNode, readKmodel } from './kmodel.js';
import { kpuRowBytes, type MapShape } from './kpuMemory.js';
import { outputMapOf } from './runKmodel.js';

/** An input or output in the KPU's RAM. */
export interface KpuBlobMap {
  row: number;
  shape: MapShape;
  /** Layer that makes it; -1: it is there before the first. */
  madeBy: number;
}

export interface KpuBlobModel {
  model: Kmodel;
  layers: KpuConvNode[];
  inputs: KpuBlobMap[];
  outputs: KpuBlobMap[];
}

export const isConv = (node: Kmodel['nodes'][number]): node is KpuConvNode => node.op === 'kpuConv2d';

const broken = (reason: string): never => {
  throw new Error(`a blob for the KPU: ${reason}`);
};

/** Layers and ports of a model whose outputs are all made by KPU layers. */
export function portsOf(model: Kmodel): KpuBlobModel {
  const layers = model.nodes.filter(isConv);
  if (layers.length !== model.nodes.length) broken('it has nodes for the CPU');
  const inputs = model.inputs.map(({ range, shape: [, channels, height, width] }) => ({
    row: range.startBytes / kpuRowBytes,
    shape: { channels, height, width },
    madeBy: -1,
  }));
  const outputs = model.outputs.map(({ startBytes }) => {
    const madeBy = layers.findLastIndex((l) => l.mainOutput.bytes > 0 && l.mainOutput.startBytes === startBytes);
    const node = layers[madeBy] ?? broken('no layer makes an output');
    return { row: node.layer.destinationRow, shape: outputMapOf(node.layer), madeBy };
  });
  return { model, layers, inputs, outputs };
}

export const blobModel = ({ payload }: NpuBlob): KpuBlobModel => portsOf(readKmodel(payload, 'the blob'));
