/* SPDX-License-Identifier: Apache-2.0 */
/* Backwards through convolutions, for calibration on the host. Images are HWC; weights lie as the graph has them: OHWI, or
 * 1HWO of a depthwise convolution (of `in_c` groups); a dense layer is a convolution of one pixel. */
#include <stdint.h>

typedef float lanes __attribute__((vector_size(16), aligned(4)));

typedef struct {
  int32_t in_h, in_w, in_c, out_h, out_w, out_c;
  int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
} mote_window;

void mote_input_gradient(const mote_window *w, const float *weights, const float *gradient, float *result);
void mote_weight_gradient(const mote_window *w, const float *input, const float *gradient, float *result);
void mote_depthwise_input_gradient(const mote_window *w, const float *weights, const float *gradient, float *result);
void mote_depthwise_weight_gradient(const mote_window *w, const float *input, const float *gradient, float *result);

enum { lane = 4, span = 4 * lane };

/* Where a tap of the window at an output place reads, or -1 beside the image. */
static int32_t pixel(const mote_window *w, int32_t place, int32_t tap) {
  const int32_t y = place / w->out_w * w->stride_h - w->pad_top + tap / w->kernel_w * w->dilation_h;
  const int32_t x = place % w->out_w * w->stride_w - w->pad_left + tap % w->kernel_w * w->dilation_w;
  return y < 0 || y >= w->in_h || x < 0 || x >= w->in_w ? -1 : y * w->in_w + x;
}

static const lanes *at(const float *p) { return (const lanes *)p; }

/* to[] += sum over rows of gradient[row] * weights[row][]: sixteen columns in registers, then one at a time. */
static void spread(const float *gradient, int32_t rows, const float *weights, int32_t stride, int32_t count, float *to) {
  int32_t c = 0;
  for (; c + span <= count; c += span) {
    lanes sums[4];
    for (int32_t k = 0; k < 4; k++) sums[k] = *at(to + c + k * lane);
    for (int32_t r = 0; r < rows; r++) {
      const float g = gradient[r];
      if (g == 0.0f) continue;
      const float *const row = weights + r * stride + c;
      for (int32_t k = 0; k < 4; k++) sums[k] += g * *at(row + k * lane);
    }
    for (int32_t k = 0; k < 4; k++) *(lanes *)(to + c + k * lane) = sums[k];
  }
  for (; c < count; c++)
    for (int32_t r = 0; r < rows; r++) to[c] += gradient[r] * weights[r * stride + c];
}

/* Adds to result, which is as the input. */
void mote_input_gradient(const mote_window *w, const float *weights, const float *gradient, float *result) {
  const int32_t taps = w->kernel_h * w->kernel_w;
  for (int32_t place = 0; place < w->out_h * w->out_w; place++)
    for (int32_t tap = 0; tap < taps; tap++) {
      const int32_t to = pixel(w, place, tap);
      if (to >= 0)
        spread(gradient + place * w->out_c, w->out_c, weights + tap * w->in_c, taps * w->in_c, w->in_c,
               result + to * w->in_c);
    }
}

/* Four rows by eight columns over all places of one tap; sums stay in registers. */
static void outer_tile(const mote_window *w, const float *input, const float *gradient, int32_t tap, float *result,
                       int32_t stride) {
  lanes sums[4][2] = {{{0}}};
  for (int32_t place = 0; place < w->out_h * w->out_w; place++) {
    const int32_t from = pixel(w, place, tap);
    if (from < 0) continue;
    const lanes a = *at(input + from * w->in_c);
    const lanes b = *at(input + from * w->in_c + lane);
    const float *const g = gradient + place * w->out_c;
    for (int32_t r = 0; r < 4; r++) {
      sums[r][0] += g[r] * a;
      sums[r][1] += g[r] * b;
    }
  }
  for (int32_t r = 0; r < 4; r++)
    for (int32_t k = 0; k < 2; k++) *(lanes *)(result + r * stride + k * lane) += sums[r][k];
}

/* One column of sixteen rows. */
static void outer_column(const mote_window *w, const float *input, const float *gradient, int32_t tap, float *result,
                         int32_t stride) {
  lanes sums[4] = {{0}};
  for (int32_t place = 0; place < w->out_h * w->out_w; place++) {
    const int32_t from = pixel(w, place, tap);
    if (from < 0) continue;
    for (int32_t k = 0; k < 4; k++) sums[k] += input[from * w->in_c] * *at(gradient + place * w->out_c + k * lane);
  }
  for (int32_t k = 0; k < span; k++) result[k * stride] += sums[k / lane][k % lane];
}

static void outer_one(const mote_window *w, const float *input, const float *gradient, int32_t tap, float *result) {
  float sum = 0.0f;
  for (int32_t place = 0; place < w->out_h * w->out_w; place++) {
    const int32_t from = pixel(w, place, tap);
    if (from >= 0) sum += gradient[place * w->out_c] * input[from * w->in_c];
  }
  *result += sum;
}

/* Adds to result, which is as the weights. */
void mote_weight_gradient(const mote_window *w, const float *input, const float *gradient, float *result) {
  const int32_t stride = w->kernel_h * w->kernel_w * w->in_c;
  for (int32_t tap = 0; tap < w->kernel_h * w->kernel_w; tap++)
    for (int32_t r = 0; r < w->out_c;) {
      float *const to = result + r * stride + tap * w->in_c;
      const float *const g = gradient + r;
      int32_t c = 0;
      if (r + 4 <= w->out_c && w->in_c >= 8) {
        for (; c + 8 <= w->in_c; c += 8) outer_tile(w, input + c, g, tap, to + c, stride);
        for (; c < w->in_c; c++)
          for (int32_t k = 0; k < 4; k++) outer_one(w, input + c, g + k, tap, to + k * stride + c);
        r += 4;
      } else if (r + span <= w->out_c) {
        for (; c < w->in_c; c++) outer_column(w, input + c, g, tap, to + c, stride);
        r += span;
      } else {
        for (; c < w->in_c; c++) outer_one(w, input + c, g, tap, to + c);
        r++;
      }
    }
}

void mote_depthwise_input_gradient(const mote_window *w, const float *weights, const float *gradient, float *result) {
  const int32_t each = w->out_c / w->in_c;
  for (int32_t place = 0; place < w->out_h * w->out_w; place++)
    for (int32_t tap = 0; tap < w->kernel_h * w->kernel_w; tap++) {
      const int32_t to = pixel(w, place, tap);
      if (to < 0) continue;
      const float *const g = gradient + place * w->out_c;
      const float *const row = weights + tap * w->out_c;
      for (int32_t r = 0; r < w->out_c; r++) result[to * w->in_c + (each == 1 ? r : r / each)] += g[r] * row[r];
    }
}

void mote_depthwise_weight_gradient(const mote_window *w, const float *input, const float *gradient, float *result) {
  const int32_t each = w->out_c / w->in_c;
  for (int32_t place = 0; place < w->out_h * w->out_w; place++)
    for (int32_t tap = 0; tap < w->kernel_h * w->kernel_w; tap++) {
      const int32_t from = pixel(w, place, tap);
      if (from < 0) continue;
      const float *const g = gradient + place * w->out_c;
      float *const row = result + tap * w->out_c;
      for (int32_t r = 0; r < w->out_c; r++) row[r] += g[r] * input[from * w->in_c + (each == 1 ? r : r / each)];
    }
}
