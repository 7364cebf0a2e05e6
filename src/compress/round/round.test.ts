// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Encoding, misfit, parseEncoding } from '../formats/index.js';
import { encodingNames } from '../formats/testing/randomMatrix.js';
import { descend, descendFrom, rowError } from './descend.js';
import type { Grid, GridRequest } from './grid.js';
import { gridOf } from './grids.js';
import { cholesky, dampedInverse, inverseFromCholesky } from './linearAlgebra.js';
import { nearest } from './nearest.js';
import { fitPalette } from './palette.js';
import { bestScale, bestTernaryScale, roundingError } from './scaleSearch.js';
import { secondOrder, startsOf } from './secondOrder.js';

/** Standard normal numbers, the same for the same seed (Box-Muller on an LCG). */
function normals(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / (2 ** 32 + 1);
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

function requestOf(name: string, rows: number, columns: number, seed: number): GridRequest {
  const normal = normals(seed);
  return {
    rows,
    columns,
    weights: Float64Array.from({ length: rows * columns }, normal),
    encoding: parseEncoding(name) as Encoding,
    leastScales: new Float64Array(rows).fill(1e-6),
  };
}

/** Second moments of correlated inputs, as neighbouring pixels are. */
function momentOf(n: number, seed: number): Float64Array {
  const normal = normals(seed);
  const moment = new Float64Array(n * n);
  for (let sample = 0; sample < 4 * n; sample++) {
    let last = 0;
    const x = Array.from({ length: n }, () => {
      last = 0.8 * last + normal();
      return last;
    });
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) moment[i * n + j] += (x[i] * x[j]) / (4 * n);
  }
  return moment;
}

const outputError = (request: GridRequest, scales: Float64Array, integers: Int8Array, moment: Float64Array): number => {
  const { rows, columns, weights } = request;
  let total = 0;
  for (let r = 0; r < rows; r++) {
    const errors = Float64Array.from({ length: columns }, (_, c) => {
      const i = r * columns + c;
      return weights[i] - integers[i] * scales[r];
    });
    total += rowError(moment, errors);
  }
  return total;
};

describe('grids', () => {
  it.each(encodingNames)('%s: what is rounded fits the format, on any shape', (name) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 70 }), fc.nat(), (rows, columns, seed) => {
        const request = requestOf(name, rows, columns, seed);
        const grid = gridOf(request);
        expect(misfit(nearest(request, grid), request.encoding)).toBeUndefined();
        for (let c = 0; c < columns; c++) {
          const real = request.weights[c];
          const [low, high] = grid.around(0, c, real);
          const near = grid.nearest(0, c, real) * grid.scales[0];
          const best = Math.min(Math.abs(real - low * grid.scales[0]), Math.abs(real - high * grid.scales[0]));
          expect(Math.abs(real - near)).toBeLessThanOrEqual(best + 1e-9);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('rows of zeros round to zeros, or to the least that the format can', () => {
    for (const name of encodingNames) {
      const request = { ...requestOf(name, 2, 40, 1), weights: new Float64Array(80) };
      const grid = gridOf(request);
      const largest = Math.max(
        ...nearest(request, grid).values.map((v, i) => Math.abs(v * grid.scales[Math.floor(i / 40)])),
      );
      expect(largest, name).toBeLessThanOrEqual(1e-6 * 1.001);
    }
  });
});

describe('scale search', () => {
  it('never loses to the plain scale', () => {
    const normal = normals(7);
    const codes = { low: -8, high: 7 };
    for (let i = 0; i < 50; i++) {
      const list = Array.from({ length: 40 }, () => ({ value: normal(), importance: 1 }));
      const plain = Math.max(...list.map(({ value }) => Math.abs(value))) / 7;
      expect(roundingError(list, bestScale(list, codes), codes)).toBeLessThanOrEqual(roundingError(list, plain, codes));
    }
  });

  it('finds the scale of ternary weights', () => {
    const list = [0.5, -0.5, 0, 0, 0.5].map((value) => ({ value, importance: 1 }));
    expect(bestTernaryScale(list)).toBeCloseTo(0.5, 12);
  });
});

describe('palettes', () => {
  it('are the best there is: no other choice of three integers has less error', () => {
    const values = [-9, -8, -8, -1, 0, 0, 2, 11, 12];
    const error = (table: ArrayLike<number>): number =>
      values.reduce((sum, v) => sum + Math.min(...Array.from(table, (t) => (v - t) ** 2)), 0);
    const found = error(
      fitPalette(
        values.map((value) => ({ value, importance: 1 })),
        3,
      ),
    );
    let best = Number.POSITIVE_INFINITY;
    for (let a = -10; a <= 13; a++)
      for (let b = a; b <= 13; b++) for (let c = b; c <= 13; c++) best = Math.min(best, error([a, b, c]));
    expect(found).toBe(best);
  });
});

describe('linear algebra', () => {
  it('inverts', () => {
    const n = 12;
    const a = momentOf(n, 3);
    const inverse = inverseFromCholesky(cholesky(a, n) as Float64Array, n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += a[i * n + k] * inverse[k * n + j];
        expect(sum).toBeCloseTo(i === j ? 1 : 0, 8);
      }
    }
  });

  it('damps what is singular', () => {
    expect(dampedInverse(new Float64Array(9), 3, 0.01).every(Number.isFinite)).toBe(true);
    expect(dampedInverse(new Float64Array(9).fill(1), 3, 0.01).every(Number.isFinite)).toBe(true);
  });
});

describe('second-order rounding', () => {
  // 40 columns are rounded greedily (exact OBQ), 120 in one order (GPTQ).
  it.each([
    ['int4', 40],
    ['int3g16', 40],
    ['int4', 120],
    ['ternary', 120],
    ['palette8c', 120],
    ['sparse2:4', 120],
  ])('%s, %i columns: far less output error than nearest', (name, columns) => {
    const request = requestOf(name, 6, columns, 11);
    const moment = momentOf(columns, 5);
    const grid = gridOf(request);
    const plain = outputError(request, grid.scales, nearest(request, grid).values, moment);
    const integers = secondOrder(request, grid, () => moment);
    const better = outputError(request, grid.scales, integers, moment);
    expect(better).toBeLessThan(0.8 * plain);
    expect(
      misfit(
        { rows: 6, columns, values: integers, ...(grid.groupScales ? { groupScales: grid.groupScales } : {}) },
        request.encoding,
      ),
    ).toBeUndefined();
    descend(request, grid, () => moment, integers);
    const best = outputError(request, grid.scales, integers, moment);
    expect(best).toBeLessThanOrEqual(better * (1 + 1e-9));
    descend(request, grid, () => moment, integers, 1);
    expect(outputError(request, grid.scales, integers, moment)).toBeLessThanOrEqual(best * (1 + 1e-6));
  });

  it('is rounding to nearest where inputs are uncorrelated', () => {
    const request = requestOf('int4', 3, 20, 2);
    const moment = Float64Array.from({ length: 400 }, (_, i) => (i % 21 === 0 ? 1 : 0));
    const grid = gridOf(request);
    expect(secondOrder(request, grid, () => moment)).toEqual(nearest(request, grid).values);
  });
});

describe('descent from several starts', () => {
  it.each([
    ['int3', 40],
    ['palette4', 120],
    ['ternaryg16', 40],
  ])('%s, %i columns: of each row what comes out best', (name, columns) => {
    const moment = momentOf(columns, 7);
    const make = () => {
      const request = requestOf(name, 6, columns, 12);
      const grid = gridOf(request);
      return { request, grid, starts: startsOf(request, grid, () => moment) };
    };
    const rowErrors = (request: GridRequest, grid: Grid, integers: Int8Array): number[] =>
      Array.from({ length: request.rows }, (_, r) => {
        const part = (v: Float64Array): Float64Array => v.slice(r * columns, (r + 1) * columns);
        const row = { ...request, rows: 1, weights: part(request.weights) };
        return outputError(row, grid.scales.slice(r, r + 1), integers.slice(r * columns, (r + 1) * columns), moment);
      });
    const { request, grid, starts } = make();
    expect(starts).toHaveLength(columns > 80 ? 1 : 2);
    const found = rowErrors(
      request,
      grid,
      descendFrom(starts, request, grid, () => moment, 2),
    );
    const alone = starts.map((_, i) => {
      const own = make();
      descend(own.request, own.grid, () => moment, own.starts[i], 2);
      return rowErrors(own.request, own.grid, own.starts[i]);
    });
    found.forEach((error, r) => {
      expect(error).toBeCloseTo(Math.min(...alone.map((a) => a[r])), 9);
    });
  });

  it('many paths lose less than one', () => {
    const columns = 120;
    const moment = momentOf(columns, 7);
    let [one, many] = [0, 0];
    for (let seed = 1; seed <= 4; seed++) {
      const request = requestOf('int3', 6, columns, seed);
      const grid = gridOf(request);
      const [paths] = startsOf(request, grid, () => moment);
      const swept = secondOrder(request, grid, () => moment);
      many += outputError(request, grid.scales, paths, moment);
      one += outputError(request, grid.scales, swept, moment);
    }
    expect(many).toBeLessThan(0.95 * one);
  });
});

describe('importances of single weights', () => {
  const [rows, columns] = [4, 50];
  const heavy = [7, 120];
  const importances = (): Float64Array =>
    Float64Array.from({ length: rows * columns }, (_, i) => (heavy.includes(i) ? 1e6 : 1));
  const errorOf = (request: GridRequest, i: number): number => {
    const grid = gridOf(request);
    const [row, column] = [Math.floor(i / columns), i % columns];
    return Math.abs(request.weights[i] - grid.scales[row] * grid.nearest(row, column, request.weights[i]));
  };

  it.each(['palette4', 'palette4c'])('%s comes nearer to the weights that matter', (name) => {
    const request = requestOf(name, rows, columns, 5);
    for (const i of heavy) {
      const after = errorOf({ ...request, importances: importances() }, i);
      expect(after).toBeLessThan(0.04);
      expect(after).toBeLessThan(errorOf(request, i));
    }
  });

  it('outliers are the weights that matter', () => {
    const request = { ...requestOf('int2+out', rows, columns, 5), outlierShare: heavy.length / (rows * columns) };
    // An outlier takes any integer; int2 none beyond -2 and 1.
    const outliers = (r: GridRequest): number[] => {
      const grid = gridOf(r);
      return [...r.weights.keys()].filter((i) => grid.nearest(Math.floor(i / columns), i % columns, 1e6) > 1);
    };
    expect(outliers({ ...request, importances: importances() })).toEqual(heavy);
    expect(outliers(request)).toHaveLength(heavy.length);
    expect(outliers(request)).not.toEqual(heavy);
  });
});
