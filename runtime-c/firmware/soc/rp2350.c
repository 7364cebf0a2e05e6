// SPDX-License-Identifier: Apache-2.0
// RP2350, either kind of core: the block that makes the boot ROM start the program, 12 MHz straight from the crystal (the
// flash keeps the careful timing that the boot ROM gave it for such a clock), UART0 on GPIO0 and GPIO1.
// Addresses, fields and sequences: RP2350 datasheet, sections named below.
#include <stdint.h>
#include "mote_board.h"

#if MOTE_CLOCK_HZ != 12000000u
#error "the crystal has 12 MHz"
#endif

void mote_soc_init(void);

#define REG(address) (*(volatile uint32_t *)(address))

// 5.9.5: the least that a valid image holds within its first 4 kB. The linker script puts it behind the vectors.
#ifdef __riscv
extern uint32_t __stack_top[];
void mote_reset(void);
__attribute__((used, section(".vectors.image_def"))) static const uintptr_t image_def[8] = {
    0xFFFFDED3u,
    0x11010142u,                 // item IMAGE_TYPE: executable, RISC-V, RP2350
    0x00000344u,                 // item ENTRY_POINT, three words
    (uintptr_t)mote_reset, (uintptr_t)__stack_top,
    0x000004FFu,                 // last item, four words of items before it
    0u,                          // the loop of blocks ends where it began
    0xAB123579u,
};
#else
__attribute__((used, section(".vectors.image_def"))) static const uint32_t image_def[5] = {
    0xFFFFDED3u,
    0x10210142u,  // item IMAGE_TYPE: executable, secure, Arm, RP2350
    0x000001FFu,  // last item
    0u,
    0xAB123579u,
};
#endif

// 7.5: RESETS, with the atomic clear alias at +0x3000 (2.1.3)
enum { RESETS_CLEAR = 0x40023000, RESET_DONE = 0x40020008 };
enum { RESET_IO_BANK0 = 1 << 6, RESET_PADS_BANK0 = 1 << 9, RESET_UART0 = 1 << 26 };

// 8.2: crystal oscillator; the start-up delay counts 256 crystal periods, 47 is 1 ms at 12 MHz
enum { XOSC_CTRL = 0x40048000, XOSC_STATUS = 0x40048004, XOSC_STARTUP = 0x4004800C };

// 8.1: glitchless multiplexers, whose SELECTED is one-hot
enum {
  CLK_REF_CTRL = 0x40010030, CLK_REF_SELECTED = 0x40010038, CLK_SYS_CTRL = 0x4001003C, CLK_SYS_SELECTED = 0x40010044,
  CLK_PERI_CTRL = 0x40010048,
};

// 9.11: function 2 of GPIO0 and GPIO1 is UART0; pads are isolated until bit 8 is cleared
enum { GPIO0_CTRL = 0x40028004, GPIO1_CTRL = 0x4002800C, PAD_GPIO0 = 0x40038004, PAD_GPIO1 = 0x40038008 };
enum { PAD_SCHMITT = 1 << 1, PAD_PULL_UP = 1 << 3, PAD_DRIVE_4MA = 1 << 4, PAD_INPUT = 1 << 6 };

static void startClock(void) {
  REG(XOSC_STARTUP) = 47u;
  REG(XOSC_CTRL) = (0xFABu << 12) | 0xAA0u;
  while ((REG(XOSC_STATUS) & (1u << 31)) == 0u) {}
  REG(CLK_SYS_CTRL) = 0u;  // from clk_ref
  while ((REG(CLK_SYS_SELECTED) & 1u) == 0u) {}
  REG(CLK_REF_CTRL) = 2u;  // crystal
  while ((REG(CLK_REF_SELECTED) & (1u << 2)) == 0u) {}
  REG(CLK_PERI_CTRL) = 1u << 11;  // enabled, from clk_sys
}

void mote_soc_init(void) {
#ifdef __riscv
  __asm volatile("csrw 0x320, zero");  // mcountinhibit: Hazard3's counters stand still after reset (3.8.9)
#endif
  startClock();
  const uint32_t blocks = RESET_IO_BANK0 | RESET_PADS_BANK0 | RESET_UART0;
  REG(RESETS_CLEAR) = blocks;
  while ((REG(RESET_DONE) & blocks) != blocks) {}
  REG(GPIO0_CTRL) = 2u;
  REG(GPIO1_CTRL) = 2u;
  REG(PAD_GPIO0) = PAD_SCHMITT | PAD_DRIVE_4MA | PAD_INPUT;
  REG(PAD_GPIO1) = PAD_SCHMITT | PAD_PULL_UP | PAD_DRIVE_4MA | PAD_INPUT;
}
