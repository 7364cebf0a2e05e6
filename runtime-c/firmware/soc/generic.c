// SPDX-License-Identifier: Apache-2.0
// Boards whose clocks and pins need no set-up: QEMU's MPS2, MPS3 and RISC-V virt machines.
void mote_soc_init(void);

void mote_soc_init(void) {}
