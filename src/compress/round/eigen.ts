// SPDX-License-Identifier: Apache-2.0
// Eigenvectors of a symmetric matrix by Jacobi's rotations: slow, short, and exact to the last digits.

const sweeps = 30;
/** Off-diagonal entries below this share of the largest diagonal one are zero. */
const zero = 1e-14;

/** Row k of `vectors` belongs to the k-th largest of `values`. */
export function eigenvectors(matrix: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const a = matrix.slice();
  const v = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(a[i * n + i]));
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let turned = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(a[p * n + q]) <= zero * largest) continue;
        rotate(a, v, n, p, q);
        turned = true;
      }
    }
    if (!turned) break;
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((x, y) => a[y * n + y] - a[x * n + x] || x - y);
  const vectors = new Float64Array(n * n);
  order.forEach((from, k) => {
    vectors.set(v.subarray(from * n, (from + 1) * n), k * n);
  });
  return { values: Float64Array.from(order, (i) => a[i * n + i]), vectors };
}

/** Makes a[p][q] zero. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const [x, y] = [a[k * n + p], a[k * n + q]];
    a[k * n + p] = c * x - s * y;
    a[k * n + q] = s * x + c * y;
  }
  for (let k = 0; k < n; k++) {
    const [x, y] = [a[p * n + k], a[q * n + k]];
    a[p * n + k] = c * x - s * y;
    a[q * n + k] = s * x + c * y;
    const [g, h] = [v[p * n + k], v[q * n + k]];
    v[p * n + k] = c * g - s * h;
    v[q * n + k] = s * g + c * h;
  }
}
