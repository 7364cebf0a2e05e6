/* SPDX-License-Identifier: Apache-2.0 */
/* For calibration on the host: out[i][j] += sum over k of a[i][k] * b[j][k]. Rows hold `count` floats, a multiple of 4;
 * sums of one call run in four float lanes, so a call should be given a few hundred to a few thousand. */
#include <stdint.h>

typedef float lanes __attribute__((vector_size(16), aligned(4)));

void mote_products(const float *a, const float *b, int32_t n, int32_t count, int32_t half, double *out);

static inline double total(lanes v) { return ((double)v[0] + (double)v[1]) + ((double)v[2] + (double)v[3]); }

/* Four rows of a by two of b: eight sums stay in registers. Rows past the end are the last one again. */
static void tile(const float *const a[4], const float *const b[2], int32_t count, double sums[4][2]) {
  lanes acc[4][2] = {{{0}}};
  for (int32_t k = 0; k < count; k += 4) {
    const lanes b0 = *(const lanes *)(b[0] + k);
    const lanes b1 = *(const lanes *)(b[1] + k);
    for (int32_t r = 0; r < 4; r++) {
      const lanes x = *(const lanes *)(a[r] + k);
      acc[r][0] += x * b0;
      acc[r][1] += x * b1;
    }
  }
  for (int32_t r = 0; r < 4; r++)
    for (int32_t c = 0; c < 2; c++) sums[r][c] = total(acc[r][c]);
}

static const float *row(const float *m, int32_t i, int32_t n, int32_t count) {
  return m + (uint32_t)(i < n ? i : n - 1) * (uint32_t)count;
}

/* With `half` only what is on and below the diagonal. */
void mote_products(const float *a, const float *b, int32_t n, int32_t count, int32_t half, double *out) {
  for (int32_t i = 0; i < n; i += 4) {
    const float *const rows[4] = {row(a, i, n, count), row(a, i + 1, n, count), row(a, i + 2, n, count),
                                  row(a, i + 3, n, count)};
    const int32_t last = half && i + 4 < n ? i + 4 : n;
    for (int32_t j = 0; j < last; j += 2) {
      const float *const columns[2] = {row(b, j, n, count), row(b, j + 1, n, count)};
      double sums[4][2];
      tile(rows, columns, count, sums);
      for (int32_t r = 0; r < 4 && i + r < n; r++)
        for (int32_t c = 0; c < 2 && j + c < n; c++) out[(uint32_t)(i + r) * (uint32_t)n + (uint32_t)(j + c)] += sums[r][c];
    }
  }
}
