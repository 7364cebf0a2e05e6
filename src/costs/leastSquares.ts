// SPDX-License-Identifier: Apache-2.0
// Least squares with no coefficient below 0, for a few unknowns: the best of all subsets of them.

/** Solves a symmetric system by elimination with pivoting; undefined where it has no single answer. */
function solve(matrix: number[][], right: number[]): number[] | undefined {
  const n = right.length;
  const rows = matrix.map((row, i) => [...row, right[i]]);
  for (let c = 0; c < n; c++) {
    const pivot = rows
      .slice(c)
      .reduce((best, row, i) => (Math.abs(row[c]) > Math.abs(rows[best][c]) ? c + i : best), c);
    if (Math.abs(rows[pivot][c]) < 1e-12) return undefined;
    [rows[c], rows[pivot]] = [rows[pivot], rows[c]];
    for (let r = 0; r < n; r++) {
      if (r === c) continue;
      const factor = rows[r][c] / rows[c][c];
      for (let k = c; k <= n; k++) rows[r][k] -= factor * rows[c][k];
    }
  }
  return rows.map((row, i) => row[n] / row[i]);
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, i) => sum + v * b[i], 0);

/** x >= 0 that minimizes |terms x - goals|. */
export function fitNonNegative(terms: readonly (readonly number[])[], goals: readonly number[]): number[] {
  const unknowns = terms[0].length;
  let best = { x: new Array<number>(unknowns).fill(0), error: dot(goals, goals) };
  for (let set = 1; set < 2 ** unknowns; set++) {
    const used = Array.from({ length: unknowns }, (_, i) => i).filter((i) => set & (1 << i));
    // Columns of one length, so that elimination sees no tiny pivots.
    const scale = used.map((i) => Math.hypot(...terms.map((row) => row[i])) || 1);
    const columns = used.map((i, k) => terms.map((row) => row[i] / scale[k]));
    const solved = solve(
      columns.map((a) => columns.map((b) => dot(a, b))),
      columns.map((a) => dot(a, goals)),
    );
    if (!solved || solved.some((v) => v < 0)) continue;
    const x = new Array<number>(unknowns).fill(0);
    used.forEach((i, k) => {
      x[i] = solved[k] / scale[k];
    });
    const error = terms.reduce((sum, row, i) => sum + (dot(row, x) - goals[i]) ** 2, 0);
    if (error < best.error - 1e-12) best = { x, error };
  }
  return best.x;
}
