// SPDX-License-Identifier: Apache-2.0
// Symmetric positive definite matrices, row-major n x n in a Float64Array.

/** Lower L with L L^T = a; undefined where a is not positive definite. */
export function cholesky(a: Float64Array, n: number): Float64Array | undefined {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j];
      for (let k = 0; k < j; k++) sum -= l[i * n + k] * l[j * n + k];
      if (i !== j) l[i * n + j] = sum / l[j * n + j];
      else if (sum > 0) l[i * n + i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return l;
}

/** Inverse of L L^T, of which only L is given. */
export function inverseFromCholesky(l: Float64Array, n: number): Float64Array {
  // Rows of L^-1, by forward substitution; kept transposed so that the products below run along rows.
  const columns = new Float64Array(n * n);
  for (let c = 0; c < n; c++) {
    for (let i = c; i < n; i++) {
      let sum = i === c ? 1 : 0;
      for (let k = c; k < i; k++) sum -= l[i * n + k] * columns[c * n + k];
      columns[c * n + i] = sum / l[i * n + i];
    }
  }
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < n; k++) sum += columns[i * n + k] * columns[j * n + k];
      inverse[i * n + j] = sum;
      inverse[j * n + i] = sum;
    }
  }
  return inverse;
}

/** a with its mean diagonal times `share` added to the diagonal, and ones where the diagonal is 0. */
export function damped(a: Float64Array, n: number, share: number): Float64Array {
  const d = a.slice();
  let trace = 0;
  for (let i = 0; i < n; i++) trace += a[i * n + i];
  for (let i = 0; i < n; i++) d[i * n + i] = a[i * n + i] > 0 ? a[i * n + i] + (share * trace) / n : 1;
  return d;
}

/** Lower factor of a, damped as much as it needs to be positive definite. */
export function dampedCholesky(a: Float64Array, n: number, share: number): Float64Array {
  for (let more = share; ; more *= 10) {
    const l = cholesky(damped(a, n, more), n);
    if (l) return l;
  }
}

export const dampedInverse = (a: Float64Array, n: number, share: number): Float64Array =>
  inverseFromCholesky(dampedCholesky(a, n, share), n);

/** Vectors that are worked on in one go, side by side: a matrix is read once for all, and no sum waits for the last. */
const together = 4;

/** x with L L^T x = v for each row v of `rows`, in its place. */
export function solveCholesky(l: Float64Array, n: number, rows: Float64Array): void {
  const x = new Float64Array(n * together);
  for (let from = 0; from < rows.length; from += n * together) {
    const count = Math.min(together, (rows.length - from) / n);
    x.fill(0);
    for (let r = 0; r < count; r++) for (let i = 0; i < n; i++) x[i * together + r] = rows[from + r * n + i];
    solveForward(l, n, x);
    solveBackward(l, n, x);
    for (let r = 0; r < count; r++) for (let i = 0; i < n; i++) rows[from + r * n + i] = x[i * together + r];
  }
}

/** L y = v for four v side by side. */
function solveForward(l: Float64Array, n: number, x: Float64Array): void {
  for (let i = 0; i < n; i++) {
    const at = i * together;
    let [a, b, c, d] = [x[at], x[at + 1], x[at + 2], x[at + 3]];
    for (let k = 0, from = 0; k < i; k++, from += together) {
      const f = l[i * n + k];
      a -= f * x[from];
      b -= f * x[from + 1];
      c -= f * x[from + 2];
      d -= f * x[from + 3];
    }
    const pivot = l[i * n + i];
    x[at] = a / pivot;
    x[at + 1] = b / pivot;
    x[at + 2] = c / pivot;
    x[at + 3] = d / pivot;
  }
}

/** L^T x = y for four y side by side. */
function solveBackward(l: Float64Array, n: number, x: Float64Array): void {
  for (let i = n - 1; i >= 0; i--) {
    const pivot = l[i * n + i];
    const at = i * together;
    for (let r = 0; r < together; r++) x[at + r] /= pivot;
    const [a, b, c, d] = [x[at], x[at + 1], x[at + 2], x[at + 3]];
    for (let k = 0, to = 0; k < i; k++, to += together) {
      const f = l[i * n + k];
      x[to] -= f * a;
      x[to + 1] -= f * b;
      x[to + 2] -= f * c;
      x[to + 3] -= f * d;
    }
  }
}

/** v times a square matrix. */
export function timesMatrix(v: Float64Array, m: Float64Array): Float64Array {
  const n = v.length;
  const result = new Float64Array(n);
  // Four rows of the matrix in one go: a sum is read and written a fourth as often.
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const [a, b, c, d] = [v[i], v[i + 1], v[i + 2], v[i + 3]];
    const at = i * n;
    for (let j = 0; j < n; j++)
      result[j] += a * m[at + j] + b * m[at + n + j] + c * m[at + 2 * n + j] + d * m[at + 3 * n + j];
  }
  for (; i < n; i++) for (let j = 0; j < n; j++) result[j] += v[i] * m[i * n + j];
  return result;
}

/** Rows and columns of a in another order. */
export function permuted(a: Float64Array, n: number, order: readonly number[]): Float64Array {
  const p = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) p[i * n + j] = a[order[i] * n + order[j]];
  return p;
}
