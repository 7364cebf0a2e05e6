// SPDX-License-Identifier: Apache-2.0
// A kmodel as an NpuFile: what `mote npu` shows of it and runs.
import type { NpuFile, NpuOperation } from '../npuFile.js';
import { checkKmodel } from './checkKmodel.js';
import { type CpuNode, isCpuNode } from './cpuNodes.js';
import {
  activationBytes,
  batchNormBytes,
  type Kmodel,
  type KmodelNode,
  type KpuConvNode,
  readKmodel,
} from './kmodel.js';
import { kpuRowBytes } from './kpuMemory.js';
import { pools } from './pooling.js';
import { convOf, inputFromDense, runKmodel } from './runKmodel.js';

const rows = (row: number): string => `row ${row}`;

function convOperation(node: KpuConvNode): NpuOperation {
  const conv = convOf(node);
  const { layer } = node;
  const pool = pools[layer.poolType];
  const macs = conv.input.height * conv.input.width * node.weights.length;
  return {
    name: `${conv.depthwise ? 'depthwise' : 'conv'} ${conv.kernel}x${conv.kernel}${pool?.name === 'none' ? '' : ` + ${pool?.name ?? `pool ${layer.poolType}`}`}`,
    inputShape: [conv.input.channels, conv.input.height, conv.input.width],
    outputShape: [conv.outputChannels, layer.outputHeightM1 + 1, layer.outputWidthM1 + 1],
    macs,
    parameterBytes: node.weights.length + batchNormBytes * node.batchNorm.length + activationBytes,
    placement: `${rows(layer.sourceRow)} > ${rows(layer.destinationRow)}${node.mainOutput.bytes ? `, main ${node.mainOutput.startBytes}` : ''}`,
  };
}

const floatBytes = 4;

function cpuCosts(node: CpuNode): Pick<NpuOperation, 'macs' | 'parameterBytes'> {
  if (node.op === 'matmul')
    return {
      macs: node.rows * node.depth * node.columns,
      parameterBytes: node.weights.bytes + floatBytes * node.bias.length,
    };
  if (node.op !== 'convolution') return { macs: 0, parameterBytes: 0 };
  const pixels = node.output.bytes / floatBytes / node.outputs;
  return {
    macs: pixels * node.weights.length,
    parameterBytes: floatBytes * (node.weights.length + node.bias.length),
  };
}

function operationOf(node: KmodelNode): NpuOperation {
  if (node.op === 'kpuConv2d') return convOperation(node);
  if (node.op === 'kpuUpload') {
    const shape = node.shape.slice(1);
    return {
      name: 'upload',
      inputShape: shape,
      outputShape: shape,
      macs: 0,
      parameterBytes: 0,
      placement: `main ${node.input.startBytes} > ${rows(node.output.startBytes / kpuRowBytes)}`,
    };
  }
  if (isCpuNode(node))
    return {
      name: `${node.op} (CPU)`,
      inputShape: 'inShape' in node ? node.inShape.slice(1) : [node.input.bytes],
      outputShape: node.op === 'mean' ? node.outShape.slice(1) : [node.output.bytes],
      ...cpuCosts(node),
      placement: `main ${node.input.startBytes} > main ${node.output.startBytes}`,
    };
  return {
    name: `CPU node 0x${node.opcode.toString(16)}`,
    inputShape: [],
    outputShape: [],
    macs: 0,
    parameterBytes: node.body.length,
    placement: '',
  };
}

/** Shape of an output: that of the layer which writes its range, else its bytes. */
function outputShape(model: Kmodel, index: number): readonly number[] {
  const range = model.outputs[index];
  const writer = model.nodes.findLast(
    (n) => n.op === 'kpuConv2d' && n.mainOutput.bytes > 0 && n.mainOutput.startBytes === range.startBytes,
  );
  return writer ? operationOf(writer).outputShape : [range.bytes];
}

/** Opens a kmodel of version 4. */
export function openKmodel(bytes: Uint8Array, path: string): NpuFile {
  const model = readKmodel(bytes, path);
  return {
    format: 'kmodel 4',
    device: 'Kendryte K210',
    inputs: model.inputs.map(({ range, shape }) => ({ shape: shape.slice(1), bytes: range.bytes })),
    outputs: model.outputs.map((range, i) => ({ shape: outputShape(model, i), bytes: range.bytes })),
    operations: model.nodes.map(operationOf),
    notChecked: ['K210 silicon (the functional model equals Canaan’s simulator)', 'timing', 'clock and DMA bring-up'],
    check: () => checkKmodel(model),
    run: (inputs, dense) =>
      runKmodel(model, dense ? inputs.map((data, i) => inputFromDense(model, i, data)) : inputs, path),
  };
}
