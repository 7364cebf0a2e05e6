// SPDX-License-Identifier: Apache-2.0
// The chip that the loader is compiled for: its registers, and what the core needs of it (chipGetByte and others).
#ifndef MOTE_LOADER_CHIP_H
#define MOTE_LOADER_CHIP_H

#if defined MOTE_K210
#include "k210Chip.h"
#else
#include "espChip.h"
#endif

#endif
