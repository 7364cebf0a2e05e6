/* SPDX-License-Identifier: Apache-2.0 */
/* int8 average pooling with channels in vector lanes: averagepool2d.h's parameters and answers. */
#ifndef MOTE_LANEAVERAGEPOOL2D_H
#define MOTE_LANEAVERAGEPOOL2D_H

#include "mote/averagepool2d.h"

typedef mote_averagepool2d_s8 mote_laneaveragepool2d_s8;

void mote_laneaveragepool2d_s8__rvv(const mote_laneaveragepool2d_s8 *p, const int8_t *input, int8_t *output);

#endif
