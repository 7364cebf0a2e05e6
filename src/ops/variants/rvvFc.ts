// SPDX-License-Identifier: Apache-2.0
// Fully connected layers with packed weights on RVV, a row of inputs at a time: runtime-c/include/mote/lanefc.h has the
// layout of the constants.
import { groupOf, packWeights, unpackWeights, type WeightMatrix } from '../../compress/formats/index.js';
import type { Node } from '../../model/graph.js';
import { type CStruct, type FieldValue, inputOf, type LowerContext } from '../op.js';
import { kernelType } from '../packedConv.js';
import { constant } from '../weighted.js';
import { weightMatrix } from '../weightMatrix.js';
import { codeRows, denseCodes } from './codeRows.js';
import { integerLayer, workOf } from './integerLayer.js';
import { outlierLists } from './outlierLists.js';
import { rescaleFields } from './rvvRescale.js';
import type { Lowered, Variant } from './variant.js';

/** Bits of a code that are together, from which bit on, and what they count in the weight. */
interface Plane {
  bits: number;
  from: number;
  factor: number;
}

/** Planes of the unsigned codes of each width, and what they have too much. */
const layouts: { [bits: number]: { planes: Plane[]; offset: number } } = {
  1: { planes: [{ bits: 1, from: 0, factor: -2 }], offset: -1 },
  2: { planes: [{ bits: 2, from: 0, factor: 1 }], offset: 2 },
  3: {
    planes: [
      { bits: 2, from: 0, factor: 1 },
      { bits: 1, from: 2, factor: 4 },
    ],
    offset: 4,
  },
  4: { planes: [{ bits: 4, from: 0, factor: 1 }], offset: 8 },
  6: {
    planes: [
      { bits: 4, from: 2, factor: 4 },
      { bits: 2, from: 0, factor: 1 },
    ],
    offset: 32,
  },
};

/** A plane's row for a column: `codeAt` gives a channel's unsigned code. */
function planeRow({ bits, from }: Plane, rows: number, codeAt: (channel: number) => number): number[] {
  const fields = 8 / bits;
  const bytes = Math.ceil((rows * bits) / 8);
  return Array.from({ length: bytes }, (_, i) => {
    let byte = 0;
    for (let field = 0; field < fields; field++) {
      const channel = i + field * bytes;
      const code = channel < rows ? (codeAt(channel) >> from) & ((1 << bits) - 1) : 0;
      byte |= code << (8 - bits * (field + 1));
    }
    return byte;
  });
}

function codeBytes({ rows, columns }: WeightMatrix, codes: ArrayLike<number>, bits: number, part: number): Uint8Array {
  const { planes, offset } = layouts[bits];
  const raise = bits === 1 ? 0 : offset;
  const bytes: number[] = [];
  for (let first = 0; first < columns; first += part)
    for (const plane of planes)
      for (let column = first; column < Math.min(columns, first + part); column++)
        bytes.push(...planeRow(plane, rows, (channel) => codes[channel * columns + column] + raise));
  return Uint8Array.from(bytes);
}

/** Rows of four bits for each channel, a unit for each part. */
function scaleBytes({ rows, columns, groupScales }: WeightMatrix, group: number): Uint8Array | undefined {
  if (!group || !groupScales) return undefined;
  const perRow = Math.ceil(columns / group);
  return codeRows(perRow, rows, 4, (unit, lane) => groupScales[lane * perRow + unit] - 1);
}

const bytesField = (name: string, data: Uint8Array): FieldValue => constant(name, 'uint8', data, [data.length]);
const pair = (name: string, values: readonly number[]): FieldValue =>
  constant(name, 'int32', Int32Array.of(values[0], values[1] ?? 0), [2]);

function lower(kernel: string, type: string, node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const layer = integerLayer(node, graph, rounding, 'stored');
  const w = inputOf(node, graph, 1);
  if (!layer || !w.stored || kernelType(w.stored.encoding) !== type) return undefined;
  const { encoding } = w.stored;
  const matrix = weightMatrix(node.op, w);
  const { rows, columns } = matrix;
  const outliers = encoding.kind === 'outliers';
  const base = outliers ? unpackWeights(packWeights(matrix, encoding), rows, columns, encoding.base) : matrix;
  const found = denseCodes(base, encoding);
  const rescale = rescaleFields(layer);
  const layout = found && typeof found.bits === 'number' ? layouts[found.bits] : undefined;
  if (!found || !layout || !rescale) return undefined;
  const group = groupOf(encoding);
  const part = group || columns;
  const scales = scaleBytes(base, group);
  const fields: CStruct['fields'] = [
    ['rows', layer.outW],
    ['in_c', layer.inC],
    ['out_c', layer.outC],
    ['codes', bytesField('codes', codeBytes(matrix, found.codes, found.bits as number, part))],
    ['scales', scales ? bytesField('scales', scales) : null],
    ...outlierLists(matrix, encoding),
    ['part', part],
    [
      'plane_bits',
      pair(
        'plane_bits',
        layout.planes.map((p) => p.bits),
      ),
    ],
    [
      'plane_factor',
      pair(
        'plane_factor',
        layout.planes.map((p) => p.factor),
      ),
    ],
    ['offset', layout.offset],
    ...rescale,
  ];
  const call = {
    kernel,
    params: { type: kernel.replace(/__.*/, ''), fields },
    inputs: [0],
    outputs: [0],
    scratchBytes: 8 * layer.outC,
  };
  const work = workOf(layer);
  return { call, work: { ...work, macs: layout.planes.length * work.macs } };
}

const types = ['int', 'ternary', 'binary'] as const;

export const rvvFcVariants: readonly Variant[] = types.map((type) => {
  const kernel = `mote_lanefc_s8${type}__rvv`;
  return { kernel, op: 'fullyConnected', isa: 'rvv', lower: (node, context) => lower(kernel, type, node, context) };
});
