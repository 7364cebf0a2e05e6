// SPDX-License-Identifier: Apache-2.0
// Layers whose weights are stored in less than eight bits: one kernel for each format, for conv2d, depthwiseConv2d and
// fullyConnected alike. What they compute is what the int8 layer computes.
import { rowBytes } from '../compress/formats/bits.js';
import { groupsOf } from '../compress/formats/groups.js';
import {
  type Encoding,
  encodingName,
  groupOf,
  misfit,
  type Part,
  packWeights,
  type WeightMatrix,
} from '../compress/formats/index.js';
import type { Graph, Node, Tensor } from '../model/graph.js';
import { kernelCall } from './kernels.js';
import { type ConstArray, type CStruct, type FieldValue, inputOf, type KernelCall, type Rounding } from './op.js';
import { roundingCode } from './requantize.js';
import { foldedLayerBias, type IntegerLayer, integerLayer } from './variants/integerLayer.js';
import { constant } from './weighted.js';
import { weightMatrix } from './weightMatrix.js';
import { windowFields } from './window.js';

/** How a weight tensor is stored, where it is not plain int8. */
export const storedOf = (node: Node, graph: Graph): Tensor['stored'] => graph.tensors[node.inputs[1]]?.stored;

/** Why the stored form cannot hold the weights; undefined when it can, or when there is none. */
export function storedObstacle(node: Node, graph: Graph): { reason: string; change: string } | undefined {
  const w = inputOf(node, graph, 1);
  if (!w.stored) return undefined;
  if (!integerLayer(node, graph, 'single', 'stored'))
    return {
      reason: `${encodingName(w.stored.encoding)} weights have kernels for int8 activations only`,
      change: 'leave this layer int8',
    };
  const bad = misfit(weightMatrix(node.op, w), w.stored.encoding);
  if (!bad) return undefined;
  return {
    reason: `its weights are not ${encodingName(w.stored.encoding)}: channel ${bad.row}, weight ${bad.column}: ${bad.reason}`,
    change: 'quantize the layer to this format first',
  };
}

const typeOf: { [K in Encoding['kind']]: (e: Extract<Encoding, { kind: K }>) => string } = {
  int: () => 'int',
  ternary: ({ packing }) => (packing === 'planes' ? 'ternary' : 'trits'),
  binary: () => 'binary',
  palette: () => 'palette',
  sparse: () => 'sparse',
  block: () => 'block',
  outliers: ({ base }) => kernelType(base),
};

/** The weight type in the kernel's name. */
export const kernelType = (e: Encoding): string => (typeOf[e.kind] as (e: Encoding) => string)(e);

/** Of a row of codes and of a row of `extra`. */
interface Widths {
  bits: number;
  codes: number;
  extra: number;
  blockShift: number;
}

function widthsOf(e: Encoding, columns: number): Widths {
  switch (e.kind) {
    case 'int':
      return { bits: e.bits, codes: rowBytes(columns, e.bits), extra: 0, blockShift: 0 };
    case 'ternary': {
      const plane = rowBytes(columns, 1);
      const planes = e.packing === 'planes';
      return { bits: 1, codes: planes ? plane : Math.ceil(columns / 5), extra: planes ? plane : 0, blockShift: 0 };
    }
    case 'binary':
      return { bits: 1, codes: rowBytes(columns, 1), extra: 0, blockShift: 0 };
    case 'palette':
      return { bits: e.bits, codes: rowBytes(columns, e.bits), extra: 0, blockShift: 0 };
    case 'sparse': {
      const kept = Math.ceil(columns / e.m) * e.n;
      const blockShift = Math.log2(e.m);
      return {
        bits: e.values.bits,
        codes: rowBytes(kept, e.values.bits),
        extra: rowBytes(kept, blockShift),
        blockShift,
      };
    }
    case 'block': {
      const extra = rowBytes(Math.ceil(columns / e.width), 1);
      const { bits } = e.values;
      return { bits, codes: rowBytes(e.width, bits), extra, blockShift: Math.log2(e.width) };
    }
    case 'outliers':
      return widthsOf(e.base, columns);
  }
}

const dtypeOf = (data: Part['data']): ConstArray['dtype'] =>
  data instanceof Int8Array ? 'int8' : data instanceof Uint8Array ? 'uint8' : 'int16';

/** An array of the stored form; one without elements is left out (C has no empty arrays). */
function partField(parts: readonly Part[], names: readonly string[]): FieldValue {
  const part = parts.find((p) => names.includes(p.name));
  if (!part || part.data.length === 0) return null;
  const dtype = part.data instanceof Uint16Array ? 'uint16' : dtypeOf(part.data);
  return constant(part.name, dtype, part.data, [part.data.length]);
}

function storedFields(matrix: WeightMatrix, e: Encoding): CStruct['fields'] {
  const parts = packWeights(matrix, e);
  const widths = widthsOf(e, matrix.columns);
  const group = groupOf(e);
  const base = e.kind === 'outliers' ? e.base : e;
  const perChannel = base.kind === 'palette' && base.per === 'channel';
  return [
    ['codes', partField(parts, ['codes', 'nonzero'])],
    ['extra', partField(parts, ['negative', 'positions', 'kept'])],
    ['scales', partField(parts, ['scales'])],
    ['table', partField(parts, ['table'])],
    ['starts', partField(parts, ['starts'])],
    ['bits', widths.bits],
    ['code_bytes', widths.codes],
    ['extra_bytes', widths.extra],
    ['scale_bytes', base.kind === 'block' ? 1 : rowBytes(groupsOf(matrix.columns, group), 4)],
    ['group_shift', group ? Math.log2(group) : 0],
    ['table_step', perChannel ? 1 << widths.bits : 0],
    ['sparse_n', base.kind === 'sparse' ? base.n : 0],
    ['block_shift', widths.blockShift],
    ['outlier_starts', partField(parts, ['outlier_starts'])],
    ['outlier_columns', partField(parts, ['outlier_columns'])],
    ['outlier_amounts', partField(parts, ['outlier_amounts'])],
  ];
}

function rescaleFields(layer: IntegerLayer): CStruct['fields'] {
  const { multipliers, outC } = layer;
  return [
    ['bias', constant('bias', 'int32', foldedLayerBias(layer), [outC])],
    [
      'multiplier',
      constant(
        'multiplier',
        'int32',
        Int32Array.from(multipliers, (m) => m.multiplier),
        [outC],
      ),
    ],
    [
      'shift',
      constant(
        'shift',
        'int8',
        Int8Array.from(multipliers, (m) => m.shift),
        [outC],
      ),
    ],
    ['requantize_step', 1],
    ['input_zero_point', layer.inputZeroPoint],
    ['output_zero_point', layer.outputZeroPoint],
    ['output_min', layer.outputMin],
    ['output_max', layer.outputMax],
    ['rounding', roundingCode(layer.rounding)],
  ];
}

/** The reference call of a layer with packed weights. */
export function packedCall(node: Node, graph: Graph, rounding: Rounding): KernelCall {
  const w = inputOf(node, graph, 1);
  const layer = integerLayer(node, graph, rounding, 'stored');
  if (!w.stored || !layer) throw new Error(`${node.name}: no packed weights`);
  const depthwise = node.op === 'depthwiseConv2d';
  return kernelCall(
    'packedConv',
    ['s8', kernelType(w.stored.encoding)],
    [
      ...windowFields(layer, layer.outC),
      ['group_out', depthwise ? layer.channelMultiplier : layer.outC / layer.groups],
      ['depth', layer.depth],
      ...storedFields(weightMatrix(node.op, w), w.stored.encoding),
      ...rescaleFields(layer),
    ],
  );
}
