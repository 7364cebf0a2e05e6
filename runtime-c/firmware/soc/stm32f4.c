// SPDX-License-Identifier: Apache-2.0
// STM32F405: 168 MHz from HSI by the PLL, USART1 on PA9 and PA10.
// Addresses, fields and sequences: RM0090 (RCC, PWR, FLASH, GPIO), pins: the STM32F405 data sheet.
// QEMU's netduinoplus2 has no RCC: its registers read 0 and its clock is 168 MHz from the start. So every wait here is
// bounded, and where the oscillator does not come up the set-up goes on.
#include <stdint.h>
#include "mote_board.h"

#if MOTE_CLOCK_HZ != 168000000u
#error "the PLL below makes 168 MHz"
#endif

void mote_soc_init(void);

#define REG(address) (*(volatile uint32_t *)(address))

enum {
  RCC_CR = 0x40023800, RCC_PLLCFGR = 0x40023804, RCC_CFGR = 0x40023808, RCC_AHB1ENR = 0x40023830,
  RCC_APB1ENR = 0x40023840, RCC_APB2ENR = 0x40023844,
};
enum { PWR_CR = 0x40007000, FLASH_ACR = 0x40023C00 };
enum { GPIOA_MODER = 0x40020000, GPIOA_AFRH = 0x40020024 };
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

// HSI 16 MHz / 16 * 336 / 2 = 168 MHz; AHB 168, APB1 42, APB2 84 MHz
static void startClock(void) {
  change(RCC_APB1ENR, 0u, 1u << 28);  // PWREN
  change(PWR_CR, 0u, 1u << 14);       // VOS: scale 1
  REG(RCC_PLLCFGR) = 16u | (336u << 6) | (0u << 16) | (7u << 24);
  change(RCC_CR, 0u, 1u << 24);
  change(FLASH_ACR, 7u, 5u | (1u << 8) | (1u << 9) | (1u << 10));  // 5 wait states, prefetch, both caches
  change(RCC_CFGR, (0xFu << 4) | (7u << 10) | (7u << 13), (5u << 10) | (4u << 13));
  if (!cameUp(RCC_CR, 1u << 25, 1u << 25)) return;
  change(RCC_CFGR, 3u, 2u);
  (void)cameUp(RCC_CFGR, 3u << 2, 2u << 2);
}

void mote_soc_init(void) {
  startClock();
  change(RCC_AHB1ENR, 0u, 1u << 0);
  change(RCC_APB2ENR, 0u, 1u << 4);
  (void)REG(RCC_APB2ENR);
  change(GPIOA_AFRH, 0xFFu << 4, 0x77u << 4);  // alternate function 7 of PA9 and PA10
  change(GPIOA_MODER, (3u << 18) | (3u << 20), (2u << 18) | (2u << 20));
}
