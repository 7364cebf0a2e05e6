/* SPDX-License-Identifier: Apache-2.0 */
/* For calibration on the host: out[i][j] += sum over k of a[i][k] * b[j][k]. Rows hold `count` floats, a multiple of 4;
 * sums of one call run in four float lanes, so a call should be given a few hundred to a few thousand. And covariances of
 * the windows of inputs that a layer's weights meet, as src/compress/covariances.ts has them. */
#include <stdint.h>

typedef float lanes __attribute__((vector_size(16), aligned(4)));
typedef double wide __attribute__((vector_size(32)));

void mote_products(const float *a, const float *b, int32_t n, int32_t count, int32_t half, double *out);
void mote_gather(const float *x, const int32_t *starts, int32_t windows, int32_t count, int32_t taps, int32_t depth,
                 int32_t groups, float *rows, int32_t stride);
void mote_covariances(float *x, float *y, int32_t groups, int32_t n, int32_t windows, int32_t stride, double *out);

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

static const float *row(const float *m, int32_t i, int32_t n, int32_t stride) {
  return m + (uint32_t)(i < n ? i : n - 1) * (uint32_t)stride;
}

/* Of rows that begin `stride` apart; with `half` only what is on and below the diagonal. */
static void products(const float *a, const float *b, int32_t n, int32_t stride, int32_t count, int32_t half, double *out) {
  for (int32_t i = 0; i < n; i += 4) {
    const float *const rows[4] = {row(a, i, n, stride), row(a, i + 1, n, stride), row(a, i + 2, n, stride),
                                  row(a, i + 3, n, stride)};
    const int32_t last = half && i + 4 < n ? i + 4 : n;
    for (int32_t j = 0; j < last; j += 2) {
      const float *const columns[2] = {row(b, j, n, stride), row(b, j + 1, n, stride)};
      double sums[4][2];
      tile(rows, columns, count, sums);
      for (int32_t r = 0; r < 4 && i + r < n; r++)
        for (int32_t c = 0; c < 2 && j + c < n; c++) out[(uint32_t)(i + r) * (uint32_t)n + (uint32_t)(j + c)] += sums[r][c];
    }
  }
}

void mote_products(const float *a, const float *b, int32_t n, int32_t count, int32_t half, double *out) {
  products(a, b, n, count, count, half, out);
}

/* Four inputs of four windows each, to four rows. */
static inline void transpose(const float *const from[4], int32_t i, float *const to[4], int32_t k) {
  const lanes zero = {0};
  lanes v[4];
  for (int32_t r = 0; r < 4; r++) v[r] = from[r] ? *(const lanes *)(from[r] + i) : zero;
  const lanes a = __builtin_shufflevector(v[0], v[1], 0, 4, 1, 5);
  const lanes b = __builtin_shufflevector(v[0], v[1], 2, 6, 3, 7);
  const lanes c = __builtin_shufflevector(v[2], v[3], 0, 4, 1, 5);
  const lanes d = __builtin_shufflevector(v[2], v[3], 2, 6, 3, 7);
  *(lanes *)(to[0] + k) = __builtin_shufflevector(a, c, 0, 1, 4, 5);
  *(lanes *)(to[1] + k) = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  *(lanes *)(to[2] + k) = __builtin_shufflevector(b, d, 0, 1, 4, 5);
  *(lanes *)(to[3] + k) = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

static inline float input(const float *x, int32_t start, int32_t i) { return start < 0 ? 0 : x[start + i]; }

/* The inputs of one sample's windows as rows [group][tap][input of the run], a window a column. Of each tap, starts are
 * those of all samples' `windows`; `count` of them are this sample's. */
void mote_gather(const float *x, const int32_t *starts, int32_t windows, int32_t count, int32_t taps, int32_t depth,
                 int32_t groups, float *rows, int32_t stride) {
  const int32_t inputs = groups * depth;
  for (int32_t tap = 0; tap < taps; tap++, starts += windows)
    for (int32_t i = 0; i < inputs; i += 4) {
      float *to[4];
      for (int32_t r = 0; r < 4; r++) {
        const uint32_t group = (uint32_t)(i + r) / (uint32_t)depth, of = (uint32_t)(i + r) % (uint32_t)depth;
        to[r] = rows + ((group * (uint32_t)taps + (uint32_t)tap) * (uint32_t)depth + of) * (uint32_t)stride;
      }
      int32_t k = 0;
      if (i + 4 <= inputs)
        for (; k + 4 <= count; k += 4) {
          const float *from[4];
          for (int32_t r = 0; r < 4; r++) from[r] = starts[k + r] < 0 ? 0 : x + starts[k + r];
          transpose(from, i, to, k);
        }
      for (; k < count; k++)
        for (int32_t r = 0; r < 4 && i + r < inputs; r++) to[r][k] = input(x, starts[k], i + r);
    }
}

/* Takes the mean off a row, and puts zeros behind it. */
static double centre(float *v, int32_t windows, int32_t stride) {
  wide sums = {0};
  for (int32_t k = windows; k < stride; k++) v[k] = 0;
  for (int32_t k = 0; k < stride; k += 4) sums += __builtin_convertvector(*(const lanes *)(v + k), wide);
  const double mean = ((sums[0] + sums[1]) + (sums[2] + sums[3])) / windows;
  const float shift = (float)mean;
  for (int32_t k = 0; k < windows; k++) v[k] -= shift;
  return mean;
}

/* x becomes x - y; whether that is more than nothing. */
static int32_t differ(float *x, const float *y, int32_t count) {
  int32_t any = 0;
  for (int32_t k = 0; k < count; k += 4) {
    const lanes d = *(const lanes *)(x + k) - *(const lanes *)(y + k);
    *(lanes *)(x + k) = d;
    any |= (d[0] != 0) | (d[1] != 0) | (d[2] != 0) | (d[3] != 0);
  }
  return any;
}

/* Windows that are summed in floats: bounds what those lose. */
enum { BLOCK = 1024 };

static void means_of_products(const float *a, const float *b, int32_t n, int32_t windows, int32_t stride, double *out) {
  for (int32_t from = 0; from < stride; from += BLOCK)
    products(a + from, b + from, n, stride, stride - from < BLOCK ? stride - from : BLOCK, a == b, out);
  for (int32_t i = 0; i < n; i++)
    for (int32_t j = 0; j < n; j++) {
      double *const at = out + (uint32_t)i * (uint32_t)n + (uint32_t)j;
      /* The half above the diagonal comes from the one below. */
      if (a == b && j > i) continue;
      *at /= windows;
      if (a == b) out[(uint32_t)j * (uint32_t)n + (uint32_t)i] = *at;
    }
}

/* Of each group's rows: mean of x, mean of y, cov(y, y), cov(x - y, y). Rows are used up. x may be y. */
void mote_covariances(float *x, float *y, int32_t groups, int32_t n, int32_t windows, int32_t stride, double *out) {
  const uint32_t size = (uint32_t)n * (uint32_t)stride, square = (uint32_t)n * (uint32_t)n;
  for (int32_t g = 0; g < groups; g++, x += size, y += size) {
    double *const mean_x = out, *const mean_y = out + n, *const yy = mean_y + n, *const dy = yy + square;
    for (uint32_t i = 0; i < 2 * square; i++) yy[i] = 0;
    for (int32_t c = 0; c < n; c++) {
      mean_y[c] = centre(y + (uint32_t)c * (uint32_t)stride, windows, stride);
      mean_x[c] = x == y ? mean_y[c] : centre(x + (uint32_t)c * (uint32_t)stride, windows, stride);
    }
    means_of_products(y, y, n, windows, stride, yy);
    if (x != y && differ(x, y, (int32_t)size)) means_of_products(x, y, n, windows, stride, dy);
    out = dy + square;
  }
}
