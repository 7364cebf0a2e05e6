/* SPDX-License-Identifier: Apache-2.0 */
/* Output pixel (y, x) is input pixel (rows[y], columns[x]), in elements of 8, 16 or 32 bits. The output must not overlap
 * the input. */
#ifndef MOTE_RESIZENEAREST_H
#define MOTE_RESIZENEAREST_H

#include <stdint.h>

typedef struct {
  int32_t in_w, channels, out_h, out_w;
  const int32_t *rows;
  const int32_t *columns;
} mote_resizenearest_x8;

void mote_resizenearest_x8__ref(const mote_resizenearest_x8 *p, const void *input, void *output);

typedef struct {
  int32_t in_w, channels, out_h, out_w;
  const int32_t *rows;
  const int32_t *columns;
} mote_resizenearest_x16;

void mote_resizenearest_x16__ref(const mote_resizenearest_x16 *p, const void *input, void *output);

typedef struct {
  int32_t in_w, channels, out_h, out_w;
  const int32_t *rows;
  const int32_t *columns;
} mote_resizenearest_x32;

void mote_resizenearest_x32__ref(const mote_resizenearest_x32 *p, const void *input, void *output);

#endif
