// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution with packed weights for RV32IM: runtime-c/include/mote/packedline.h.
import type { Node } from '../../model/graph.js';
import { type CStruct, inputOf, type LowerContext } from '../op.js';
import { weightMatrix } from '../weightMatrix.js';
import { grownLayer, missingBits } from './grownLayer.js';
import { integerLayer } from './integerLayer.js';
import { codeFields, depthwiseCodes, grownCodes, matrixOf } from './packedPlane.js';
import { type Depthwise, depthwiseOf, isTurned, lowerLine, lowerTaps } from './rv32Depthwise.js';
import type { Lowered, Variant } from './variant.js';

interface Packed {
  depthwise: Depthwise;
  filters: CStruct['fields'];
}

function packedOf(node: Node, { graph, rounding }: LowerContext): Packed | undefined {
  const read = integerLayer(node, graph, rounding, 'stored');
  const w = inputOf(node, graph, 1);
  const bits = read ? missingBits(read) : 0;
  const layer = read && grownLayer(read, bits);
  const depthwise = depthwiseOf(layer);
  // Where a channel has lost its weights (settle) the codes would still have them.
  if (!w.stored || depthwise?.layer.weights.some((v, i) => v !== layer?.weights[i])) return undefined;
  const matrix = weightMatrix(node.op, w);
  const codes = depthwiseCodes(matrix, w.stored.encoding);
  if (!depthwise || !codes) return undefined;
  const fields = codeFields(matrixOf(matrix, codes), grownCodes(codes, bits));
  return { depthwise, filters: fields.filter(([name]) => name !== 'coded') };
}

const variant = (
  kernel: string,
  lower: (d: Depthwise) => Lowered | undefined,
  more: (d: Depthwise) => CStruct['fields'],
): Variant => ({
  kernel,
  op: 'depthwiseConv2d',
  isa: 'rv32',
  lower(node, context) {
    const packed = packedOf(node, context);
    const made = packed && lower(packed.depthwise);
    if (!made) return undefined;
    const { depthwise, filters } = packed;
    const layerBytes = made.call.scratchBytes;
    const fields: CStruct['fields'] = [
      ...made.call.params.fields.map(([name, value]): CStruct['fields'][number] => [
        `layer.${name}`,
        name === 'weights' ? null : value,
      ]),
      ...filters.map(([name, value]): CStruct['fields'][number] => [`filters.${name}`, value]),
      ...more(depthwise),
      ['layer_bytes', layerBytes],
    ];
    const params = { type: kernel.replace(/__.*$/, ''), fields };
    const scratchBytes = layerBytes + depthwise.layer.weights.length;
    return { call: { ...made.call, kernel, params, scratchBytes }, work: made.work };
  },
});

export const rv32PackedDepthwiseVariants: readonly Variant[] = [
  variant('mote_packedline_s8int__rv32_3x3', lowerLine, (d) => [['turned', isTurned(d.layer) ? 1 : 0]]),
  variant('mote_packedline_s8int_taps__rv32_1x4', lowerTaps, () => []),
];
