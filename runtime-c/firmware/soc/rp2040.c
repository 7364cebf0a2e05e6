// SPDX-License-Identifier: Apache-2.0
// RP2040: second-stage boot, 125 MHz from the 12 MHz crystal, UART0 on GPIO0 and GPIO1.
// Addresses, fields and sequences: RP2040 datasheet, sections named below.
#include <stdint.h>
#include "mote_board.h"

#if MOTE_CLOCK_HZ != 125000000u
#error "the PLL below makes 125 MHz"
#endif

void mote_soc_init(void);
void mote_boot2(void);

#define REG(address) (*(volatile uint32_t *)(address))

// 2.8.1.3.1: the boot ROM copies these 256 bytes to SRAM, checks the CRC-32 in the last four (src/build/boot2.ts writes
// it) and jumps to the first. It sets the flash interface (4.10) to the plain serial read 03h with a 24-bit address,
// which every flash chip understands, at clk_sys / 4; then it starts the program behind it (LR = 0 from the boot ROM's
// flash boot) or returns to its caller.
__attribute__((naked, used, section(".boot2"))) void mote_boot2(void) {
  __asm volatile(
      "push {lr}\n"
      "ldr r3, =0x18000000\n"  // XIP_SSI
      "movs r1, #0\n"
      "str r1, [r3, #0x08]\n"  // SSIENR = 0: off while it is being set up
      "movs r1, #4\n"
      "str r1, [r3, #0x14]\n"  // BAUDR
      "ldr r1, =0x001F0300\n"  // CTRLR0: 32-bit frames, standard SPI, EEPROM read mode
      "str r1, [r3, #0x00]\n"
      "movs r1, #0\n"
      "str r1, [r3, #0x04]\n"  // CTRLR1: one frame
      "ldr r1, =0x03000218\n"  // SPI_CTRLR0: command 03h, 8-bit command, 24-bit address, both serial
      "movs r0, #0xF4\n"
      "str r1, [r3, r0]\n"
      "movs r1, #1\n"
      "str r1, [r3, #0x08]\n"  // SSIENR = 1
      "pop {r0}\n"
      "cmp r0, #0\n"
      "beq 1f\n"
      "bx r0\n"
      "1:\n"
      "ldr r0, =0x10000100\n"  // the vector table behind these 256 bytes
      "ldr r1, =0xE000ED08\n"  // VTOR
      "str r0, [r1]\n"
      "ldmia r0, {r0, r1}\n"
      "msr msp, r0\n"
      "bx r1\n"
      ".ltorg\n");
}

// 2.14: RESETS, with the atomic clear alias at +0x3000 (2.1.2)
enum { RESETS = 0x4000C000, RESETS_CLEAR = 0x4000F000, RESET_DONE = 0x8 };
enum { RESET_IO_BANK0 = 1 << 5, RESET_PADS_BANK0 = 1 << 8, RESET_PLL_SYS = 1 << 12 };
enum { RESET_TIMER = 1 << 21, RESET_UART0 = 1 << 22 };

static void release(uint32_t blocks) {
  REG(RESETS_CLEAR) = blocks;
  while ((REG(RESETS + RESET_DONE) & blocks) != blocks) {}
}

// 2.16: crystal oscillator; the start-up delay counts 256 crystal periods, 47 is 1 ms at 12 MHz
enum { XOSC_CTRL = 0x40024000, XOSC_STATUS = 0x40024004, XOSC_STARTUP = 0x4002400C };

static void startCrystal(void) {
  REG(XOSC_STARTUP) = 47u;
  REG(XOSC_CTRL) = (0xFABu << 12) | 0xAA0u;
  while ((REG(XOSC_STATUS) & (1u << 31)) == 0u) {}
}

// 2.18: 12 MHz * 125 = 1500 MHz, / 6 / 2 = 125 MHz
enum { PLL_CS = 0x40028000, PLL_PWR = 0x40028004, PLL_FBDIV = 0x40028008, PLL_PRIM = 0x4002800C };
enum { PLL_PD = 1 << 0, PLL_DSMPD = 1 << 2, PLL_POSTDIVPD = 1 << 3, PLL_VCOPD = 1 << 5 };

static void startPll(void) {
  REG(PLL_PWR) = PLL_PD | PLL_DSMPD | PLL_POSTDIVPD | PLL_VCOPD;
  REG(PLL_CS) = 1u;
  REG(PLL_FBDIV) = 125u;
  REG(PLL_PWR) = PLL_DSMPD | PLL_POSTDIVPD;
  while ((REG(PLL_CS) & (1u << 31)) == 0u) {}
  REG(PLL_PRIM) = (6u << 16) | (2u << 12);
  REG(PLL_PWR) = PLL_DSMPD;
}

// 2.15: glitchless multiplexers are changed while the system runs from clk_ref, and SELECTED is one-hot
enum {
  CLK_REF_CTRL = 0x40008030, CLK_REF_DIV = 0x40008034, CLK_REF_SELECTED = 0x40008038,
  CLK_SYS_CTRL = 0x4000803C, CLK_SYS_DIV = 0x40008040, CLK_SYS_SELECTED = 0x40008044,
  CLK_PERI_CTRL = 0x40008048, CLK_SYS_RESUS_CTRL = 0x40008078,
};

static void switchClocks(void) {
  REG(CLK_SYS_RESUS_CTRL) = 0u;
  REG(CLK_SYS_CTRL) = 0u;
  while ((REG(CLK_SYS_SELECTED) & 1u) == 0u) {}
  REG(CLK_REF_CTRL) = 2u;  // crystal
  while ((REG(CLK_REF_SELECTED) & (1u << 2)) == 0u) {}
  REG(CLK_REF_DIV) = 1u << 8;
  startPll();
  REG(CLK_SYS_DIV) = 1u << 8;
  REG(CLK_SYS_CTRL) = 0u << 5;              // auxiliary source: PLL_SYS
  REG(CLK_SYS_CTRL) = (0u << 5) | (1u << 0);  // and to the auxiliary source
  while ((REG(CLK_SYS_SELECTED) & (1u << 1)) == 0u) {}
  REG(CLK_PERI_CTRL) = 1u << 11;  // enabled, from clk_sys
}

// 2.19: function 2 of GPIO0 and GPIO1 is UART0; pads keep their reset value but for a pull-up on the receiver
enum { GPIO0_CTRL = 0x40014004, GPIO1_CTRL = 0x4001400C, PAD_GPIO1 = 0x4001C008 };
enum { PAD_SCHMITT = 1 << 1, PAD_PULL_UP = 1 << 3, PAD_DRIVE_4MA = 1 << 4, PAD_INPUT = 1 << 6 };

// 4.7.2: the watchdog's tick of 1 MHz, by which TIMER (4.6) counts; SysTick is the counter unless a board file names
// TIMERAWL as its own: { "kind": "mmio", "base": "0x40054028", "hz": 1000000 }
enum { WATCHDOG_TICK = 0x4005802C };

static void startTimer(void) {
  release(RESET_TIMER);
  REG(WATCHDOG_TICK) = 1u << 9 | 12u;  // enabled, every 12 periods of the 12 MHz crystal
}

void mote_soc_init(void) {
  startCrystal();
  release(RESET_PLL_SYS);
  switchClocks();
  startTimer();
  release(RESET_IO_BANK0 | RESET_PADS_BANK0 | RESET_UART0);
  REG(PAD_GPIO1) = PAD_SCHMITT | PAD_PULL_UP | PAD_DRIVE_4MA | PAD_INPUT;
  REG(GPIO0_CTRL) = 2u;
  REG(GPIO1_CTRL) = 2u;
}
