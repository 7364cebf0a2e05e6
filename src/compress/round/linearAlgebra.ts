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

/** x with L L^T x = v, in place of v. */
export function solveCholesky(l: Float64Array, n: number, v: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = v[i];
    for (let k = 0; k < i; k++) sum -= l[i * n + k] * v[k];
    v[i] = sum / l[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    const x = v[i] / l[i * n + i];
    v[i] = x;
    for (let k = 0; k < i; k++) v[k] -= x * l[i * n + k];
  }
}

/** Rows and columns of a in another order. */
export function permuted(a: Float64Array, n: number, order: readonly number[]): Float64Array {
  const p = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) p[i * n + j] = a[order[i] * n + order[j]];
  return p;
}
