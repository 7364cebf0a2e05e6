// SPDX-License-Identifier: Apache-2.0
// One grid per kind of encoding.
import type {
  BinaryEncoding,
  BlockEncoding,
  Encoding,
  IntEncoding,
  OutlierEncoding,
  PaletteEncoding,
  SparseEncoding,
  TernaryEncoding,
} from '../formats/encoding.js';
import { maxGroupScale } from '../formats/encoding.js';
import { groupsOf } from '../formats/groups.js';
import { clampTo, defaultKeptShare, defaultOutlierShare, type Grid, type GridRequest, importanceAt } from './grid.js';
import { sweepBlocks, sweepOfEach } from './maskSweep.js';
import { keepBlocks, keepOfEach, type Masked, type MaskRequest } from './masks.js';
import { fitPalette } from './palette.js';
import { bestScale, bestTernaryScale, type Codes, type Weighted } from './scaleSearch.js';

/** The real weights of some columns of a row. */
function slice(request: GridRequest, row: number, from: number, to: number): Weighted[] {
  const list: Weighted[] = [];
  for (let c = from; c < Math.min(to, request.columns); c++)
    list.push({ value: request.weights[row * request.columns + c], importance: importanceAt(request, row, c) });
  return list;
}

const intCodes = ({ bits }: IntEncoding): Codes =>
  // Eight bits leave out -128, as converters do: kernels may multiply pairs.
  ({ low: bits === 8 ? -127 : -(1 << (bits - 1)), high: (1 << (bits - 1)) - 1 });

interface Scaling {
  scales: Float64Array;
  groupScales?: Uint8Array;
  /** Step between neighbouring integers here. */
  stepAt(row: number, column: number): number;
}

/** Row scales, or row scales and group scales, from the best scale of each row or group. */
function scaling(request: GridRequest, group: number, best: (list: Weighted[]) => number): Scaling {
  const { rows, columns, leastScales } = request;
  if (!group) {
    const scales = leastScales.map((least, r) => Math.fround(Math.max(least, best(slice(request, r, 0, columns)))));
    return { scales, stepAt: () => 1 };
  }
  const perRow = groupsOf(columns, group);
  const wanted = Float64Array.from({ length: rows * perRow }, (_, i) =>
    best(slice(request, Math.floor(i / perRow), (i % perRow) * group, (i % perRow) * group + group)),
  );
  const scales = leastScales.map((least, r) => {
    const largest = Math.max(...wanted.subarray(r * perRow, (r + 1) * perRow));
    return Math.fround(Math.max(least, largest / maxGroupScale));
  });
  const groupScales = Uint8Array.from(wanted, (s, i) =>
    clampTo(Math.round(s / scales[Math.floor(i / perRow)]), 1, maxGroupScale),
  );
  return { scales, groupScales, stepAt: (r, c) => groupScales[r * perRow + Math.floor(c / group)] };
}

/** Codes from low to high times a step. */
function steppedGrid({ scales, groupScales, stepAt }: Scaling, { low, high }: Codes): Grid {
  const code = (row: number, column: number, real: number): number => real / (scales[row] * stepAt(row, column));
  return {
    scales,
    ...(groupScales ? { groupScales } : {}),
    nearest: (r, c, real) => clampTo(Math.round(code(r, c, real)), low, high) * stepAt(r, c),
    around: (r, c, real) => {
      const below = Math.floor(code(r, c, real));
      return [clampTo(below, low, high) * stepAt(r, c), clampTo(below + 1, low, high) * stepAt(r, c)];
    },
  };
}

const intGrid = (request: GridRequest, e: IntEncoding): Grid =>
  steppedGrid(
    scaling(request, e.group, (list) => bestScale(list, intCodes(e))),
    intCodes(e),
  );

const ternaryGrid = (request: GridRequest, e: TernaryEncoding): Grid =>
  steppedGrid(scaling(request, e.group, bestTernaryScale), { low: -1, high: 1 });

/** The mean magnitude has the least squared error (XNOR-Net, arXiv:1603.05279). */
function binaryGrid(request: GridRequest, _: BinaryEncoding): Grid {
  const mean = (list: Weighted[]): number => {
    const weight = list.reduce((sum, { importance }) => sum + importance, 0);
    const sum = list.reduce((total, { value, importance }) => total + importance * Math.abs(value), 0);
    return weight > 0 ? sum / weight : 0;
  };
  return {
    scales: scaling(request, 0, mean).scales,
    nearest: (_r, _c, real) => (real < 0 ? -1 : 1),
    around: () => [-1, 1],
  };
}

/** Values of a sorted table next to a real one. */
function neighbours(table: Int8Array, value: number): [number, number] {
  let above = 0;
  while (above < table.length && table[above] < value) above++;
  return [table[Math.max(0, above - 1)], table[Math.min(above, table.length - 1)]];
}

function paletteGrid(request: GridRequest, e: PaletteEncoding): Grid {
  const { rows, columns, leastScales, weights } = request;
  const largest = (row: number): number =>
    weights.subarray(row * columns, (row + 1) * columns).reduce((m, w) => Math.max(m, Math.abs(w)), 0);
  const scales = leastScales.map((least, r) => Math.fround(Math.max(least, largest(r) / 127)));
  const inRow = (row: number): Weighted[] =>
    slice(request, row, 0, columns).map(({ value, importance }) => ({
      value: value / scales[row],
      // An error in steps of the row's scale costs as much as that scale is large.
      importance: importance * (e.per === 'tensor' ? scales[row] ** 2 : 1),
    }));
  const tables =
    e.per === 'tensor'
      ? [fitPalette(Array.from({ length: rows }, (_, r) => inRow(r)).flat(), 2 ** e.bits)]
      : Array.from({ length: rows }, (_, r) => fitPalette(inRow(r), 2 ** e.bits));
  const around = (row: number, _column: number, real: number): [number, number] =>
    neighbours(tables[e.per === 'tensor' ? 0 : row], real / scales[row]);
  return {
    scales,
    around,
    nearest: (row, column, real) => {
      const [low, high] = around(row, column, real);
      const value = real / scales[row];
      return value - low <= high - value ? low : high;
    },
  };
}

/** The grid of what is left when all else is zero. */
function masked(request: GridRequest, kept: Uint8Array, inner: (request: GridRequest) => Grid): Grid {
  const grid = inner({ ...request, weights: request.weights.map((w, i) => (kept[i] ? w : 0)) });
  const isKept = (row: number, column: number): boolean => kept[row * request.columns + column] === 1;
  return {
    ...grid,
    nearest: (r, c, real) => (isKept(r, c) ? grid.nearest(r, c, real) : 0),
    around: (r, c, real) => (isKept(r, c) ? grid.around(r, c, real) : [0, 0]),
  };
}

/** What a weight contributes to the output's energy. */
const saliency = (request: GridRequest, i: number): number =>
  request.weights[i] ** 2 * importanceAt(request, Math.floor(i / request.columns), i % request.columns);

/** Multiplications above which exact removal is not worth its time: some seconds. */
const mostMaskWork = 1.5e10;

const isExact = ({ rows, columns }: GridRequest, removed: number): boolean =>
  rows * columns ** 3 * removed < mostMaskWork;

const knowsInputs = (request: GridRequest): request is GridRequest & MaskRequest => request.momentOf !== undefined;

function prunedGrid(request: GridRequest, { kept, weights }: Masked, values: IntEncoding): Grid {
  return { ...masked({ ...request, weights }, kept, (r) => intGrid(r, values)), start: weights };
}

function sparseGrid(request: GridRequest, { n, m, values }: SparseEncoding): Grid {
  const { rows, columns } = request;
  if (knowsInputs(request)) {
    const keep = isExact(request, (m - n) / m) ? keepOfEach : sweepOfEach;
    return prunedGrid(request, keep(request, n, m), values);
  }
  const kept = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let first = 0; first < columns; first += m) {
      const places = Array.from({ length: Math.min(m, columns - first) }, (_, i) => row * columns + first + i);
      places.sort((a, b) => saliency(request, b) - saliency(request, a));
      for (const i of places.slice(0, n)) kept[i] = 1;
    }
  }
  return masked(request, kept, (r) => intGrid(r, values));
}

function blockGrid(request: GridRequest, { width, values }: BlockEncoding): Grid {
  const { rows, columns } = request;
  const share = request.keptShare ?? defaultKeptShare;
  if (knowsInputs(request)) {
    const keep = isExact(request, 2 - share) ? keepBlocks : sweepBlocks;
    return prunedGrid(request, keep(request, width, share), values);
  }
  const perRow = Math.ceil(columns / width);
  const energy = new Float64Array(rows * perRow);
  request.weights.forEach((_, i) => {
    energy[Math.floor(i / columns) * perRow + Math.floor((i % columns) / width)] += saliency(request, i);
  });
  const order = [...energy.keys()].sort((a, b) => energy[b] - energy[a] || a - b);
  const chosen = new Set(order.slice(0, Math.round(order.length * share)));
  const kept = Uint8Array.from(request.weights, (_, i) =>
    chosen.has(Math.floor(i / columns) * perRow + Math.floor((i % columns) / width)) ? 1 : 0,
  );
  return masked(request, kept, (r) => intGrid(r, values));
}

/** The weights that the base would round worst are left to the list; the base is fitted to the others. */
function outlierGrid(request: GridRequest, { base }: OutlierEncoding): Grid {
  const { rows, columns, weights } = request;
  const count = Math.round(rows * columns * (request.outlierShare ?? defaultOutlierShare));
  const first = gridOf({ ...request, encoding: base });
  const loss = weights.map((w, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return importanceAt(request, row, column) * (w - first.nearest(row, column, w) * first.scales[row]) ** 2;
  });
  const out = new Set([...loss.keys()].sort((a, b) => loss[b] - loss[a] || a - b).slice(0, count));
  const grid = gridOf({ ...request, encoding: base, weights: weights.map((w, i) => (out.has(i) ? 0 : w)) });
  const any = (row: number, real: number): number => clampTo(Math.round(real / grid.scales[row]), -127, 127);
  return {
    ...grid,
    nearest: (r, c, real) => (out.has(r * columns + c) ? any(r, real) : grid.nearest(r, c, real)),
    around: (r, c, real) => {
      if (!out.has(r * columns + c)) return grid.around(r, c, real);
      const below = clampTo(Math.floor(real / grid.scales[r]), -127, 127);
      return [below, clampTo(below + 1, -127, 127)];
    },
  };
}

const grids: { [K in Encoding['kind']]: (r: GridRequest, e: Extract<Encoding, { kind: K }>) => Grid } = {
  int: intGrid,
  ternary: ternaryGrid,
  binary: binaryGrid,
  palette: paletteGrid,
  sparse: sparseGrid,
  block: blockGrid,
  outliers: outlierGrid,
};

/** The grid of an encoding, fitted to the weights. */
export const gridOf = (request: GridRequest): Grid =>
  (grids[request.encoding.kind] as (r: GridRequest, e: Encoding) => Grid)(request, request.encoding);
