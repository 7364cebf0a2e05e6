// SPDX-License-Identifier: Apache-2.0
// STM32F4 from HSI by the PLL, and its console: USART1 on PA9 and PA10, or USART2 on PA2 and PA3 (a Nucleo's ST-LINK).
// 168 MHz: STM32F405 (RM0090) and F446 (RM0390, which needs no over-drive up to there); 96 MHz: F411 (RM0383).
// QEMU's netduinoplus2 has no RCC: its registers read 0 and its clock is 168 MHz from the start. So every wait here is
// bounded, and where the oscillator does not come up the set-up goes on.
#include <stdint.h>
#include "mote_board.h"

// VCO = 16 MHz / 16 * PLL_N; SYSCLK = VCO / 2. Wait states are those for 2.7 to 3.6 V.
#if MOTE_CLOCK_HZ == 168000000u
enum { PLL_N = 336, PLL_Q = 7, WAIT_STATES = 5, APB1_DIVIDER = 5 /* 4 */, APB2_DIVIDER = 4 /* 2 */ };
#elif MOTE_CLOCK_HZ == 96000000u
enum { PLL_N = 192, PLL_Q = 4, WAIT_STATES = 3, APB1_DIVIDER = 4 /* 2 */, APB2_DIVIDER = 0 /* 1 */ };
#else
#error "the PLL below makes 168 or 96 MHz"
#endif

#if MOTE_UART_BASE == 0x40011000u
#define MOTE_CONSOLE_USART1 1
#elif MOTE_UART_BASE != 0x40004400u
#error "the pins below are those of USART1 and USART2"
#endif

void mote_soc_init(void);

#define REG(address) (*(volatile uint32_t *)(address))

enum {
  RCC_CR = 0x40023800, RCC_PLLCFGR = 0x40023804, RCC_CFGR = 0x40023808, RCC_AHB1ENR = 0x40023830,
  RCC_APB1ENR = 0x40023840, RCC_APB2ENR = 0x40023844,
};
enum { PWR_CR = 0x40007000, FLASH_ACR = 0x40023C00 };
enum { GPIOA_MODER = 0x40020000, GPIOA_AFRL = 0x40020020, GPIOA_AFRH = 0x40020024 };
enum { WAIT_TURNS = 10000 };  // the PLL locks within 300 us, which is under 5000 cycles of HSI

static void change(uint32_t address, uint32_t clear, uint32_t set) {
  REG(address) = (REG(address) & ~clear) | set;
}

static int cameUp(uint32_t address, uint32_t mask, uint32_t value) {
  for (uint32_t turn = 0; turn < WAIT_TURNS; turn++) {
    if ((REG(address) & mask) == value) return 1;
  }
  return 0;
}

// A boot loader may have left the PLL on: back to HSI, and off with it.
static void startClock(void) {
  change(RCC_CFGR, 3u, 0u);
  (void)cameUp(RCC_CFGR, 3u << 2, 0u);
  change(RCC_CR, 1u << 24, 0u);
  change(RCC_APB1ENR, 0u, 1u << 28);  // PWREN
  change(PWR_CR, 0u, 3u << 14);       // VOS: scale 1 (bit 15 is reserved on the F405)
  REG(RCC_PLLCFGR) = 16u | ((uint32_t)PLL_N << 6) | (0u << 16) | ((uint32_t)PLL_Q << 24) | (2u << 28);
  change(RCC_CR, 0u, 1u << 24);
  change(FLASH_ACR, 0xFu, (uint32_t)WAIT_STATES | (1u << 8) | (1u << 9) | (1u << 10));  // prefetch, both caches
  change(RCC_CFGR, (0xFu << 4) | (7u << 10) | (7u << 13), ((uint32_t)APB1_DIVIDER << 10) | ((uint32_t)APB2_DIVIDER << 13));
  if (!cameUp(RCC_CR, 1u << 25, 1u << 25)) return;
  change(RCC_CFGR, 3u, 2u);
  (void)cameUp(RCC_CFGR, 3u << 2, 2u << 2);
}

// Alternate function 7 in both cases.
static void connectPins(void) {
  change(RCC_AHB1ENR, 0u, 1u << 0);
#ifdef MOTE_CONSOLE_USART1
  change(RCC_APB2ENR, 0u, 1u << 4);
  (void)REG(RCC_APB2ENR);
  change(GPIOA_AFRH, 0xFFu << 4, 0x77u << 4);
  change(GPIOA_MODER, (3u << 18) | (3u << 20), (2u << 18) | (2u << 20));
#else
  change(RCC_APB1ENR, 0u, 1u << 17);
  (void)REG(RCC_APB1ENR);
  change(GPIOA_AFRL, 0xFFu << 8, 0x77u << 8);
  change(GPIOA_MODER, (3u << 4) | (3u << 6), (2u << 4) | (2u << 6));
#endif
}

void mote_soc_init(void) {
  startClock();
  connectPins();
}
