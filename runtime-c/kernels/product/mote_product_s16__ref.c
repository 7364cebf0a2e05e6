/* SPDX-License-Identifier: Apache-2.0 */
/* int16 product, plain C. */
#include "mote/product.h"
#include "mote/requantize.h"

/* The product as `*exponent` doublings of what is returned, which has 30 bits unless it is 0. */
static int32_t multiply_all(const mote_product_s16 *p, const int16_t *input, int32_t *exponent) {
  int32_t product = 1 << 29;
  *exponent = -29;
  for (int32_t i = 0; i < p->reduced_dims[0]; i++) {
    for (int32_t j = 0; j < p->reduced_dims[1]; j++) {
      const int16_t *from = input + i * p->reduced_strides[0] + j * p->reduced_strides[1];
      for (int32_t k = 0; k < p->reduced_dims[2]; k++) {
        int64_t wide = (int64_t)product * from[k * p->reduced_strides[2]];
        while (wide >= 1 << 30 || wide < -(1 << 30)) {
          wide = (wide + 1) >> 1;
          *exponent += 1;
        }
        product = (int32_t)wide;
      }
    }
  }
  return product;
}

static int16_t finish(const mote_product_s16 *p, int32_t product, int32_t exponent) {
  const int32_t shift = p->shift + exponent;
  if (product == 0 || shift < -31) return 0;
  if (shift > 0) return product > 0 ? 32767 : -32768;
  return (int16_t)mote_requantize_to(product, p->multiplier, shift, p->rounding, 0, -32768, 32767);
}

void mote_product_s16__ref(const mote_product_s16 *p, const int16_t *input, int16_t *output) {
  for (int32_t i = 0; i < p->kept_dims[0]; i++) {
    for (int32_t j = 0; j < p->kept_dims[1]; j++) {
      const int16_t *from = input + i * p->kept_strides[0] + j * p->kept_strides[1];
      for (int32_t k = 0; k < p->kept_dims[2]; k++) {
        int32_t exponent;
        const int32_t product = multiply_all(p, from + k * p->kept_strides[2], &exponent);
        *output++ = finish(p, product, exponent);
      }
    }
  }
}
