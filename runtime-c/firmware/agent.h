// SPDX-License-Identifier: Apache-2.0
// The profiling agent: windows of many inferences framed by the marker pin, and the text commands of MLPerf Tiny. Built
// in only when asked for (MOTE_AGENT); it costs the bytes of one input.
#ifndef MOTE_FIRMWARE_AGENT_H
#define MOTE_FIRMWARE_AGENT_H

#include <stdint.h>

#include "console.h"

/// Of one window; more would keep a board busy for hours, and ends in an error.
#define MOTE_MOST_INFERENCES 16777216u

/// Says what MLPerf Tiny's firmware says when it starts.
void mote_agent_begin(void);
/// Takes a byte that lies outside of frames.
void mote_agent_take(uint8_t byte);
/// `inferences` runs of the input that lies in the arena, the marker falling right before and right after them.
mote_window mote_agent_batch(uint32_t inferences);
/// One layer so many times, framed alike. Where its output takes its input's place, each works on what the last one left.
mote_window mote_agent_batch_layer(uint32_t times, uint16_t layer);

#endif
