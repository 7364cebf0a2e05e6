// SPDX-License-Identifier: Apache-2.0
// STM32F103: 64 MHz from HSI by the PLL (no crystal is needed), USART1 on PA9 and PA10.
// Addresses, fields and sequences: RM0008 (RCC, FLASH, GPIO).
#include <stdint.h>
#include "mote_board.h"

#if MOTE_CLOCK_HZ != 64000000u || MOTE_UART_BASE != 0x40013800u
#error "the PLL below makes 64 MHz, the pins are those of USART1"
#endif

void mote_soc_init(void);

#define REG(address) (*(volatile uint32_t *)(address))

enum { RCC_CR = 0x40021000, RCC_CFGR = 0x40021004, RCC_APB2ENR = 0x40021018 };
enum { FLASH_ACR = 0x40022000, GPIOA_CRH = 0x40010804, GPIOA_BSRR = 0x40010810 };

static void change(uint32_t address, uint32_t clear, uint32_t set) {
  REG(address) = (REG(address) & ~clear) | set;
}

static void waitFor(uint32_t address, uint32_t mask, uint32_t value) {
  while ((REG(address) & mask) != value) {}
}

// HSI 8 MHz / 2 * 16 = 64 MHz; AHB 64, APB1 32, APB2 64 MHz. A boot loader may have left the PLL on.
static void startClock(void) {
  change(RCC_CR, 0u, 1u << 0);  // HSION
  waitFor(RCC_CR, 1u << 1, 1u << 1);
  change(RCC_CFGR, 3u, 0u);
  waitFor(RCC_CFGR, 3u << 2, 0u);
  change(RCC_CR, 1u << 24, 0u);
  change(FLASH_ACR, 7u, 2u | (1u << 4));  // 2 wait states for 48 to 72 MHz, prefetch
  change(RCC_CFGR, (0xFu << 4) | (7u << 8) | (7u << 11) | (1u << 16) | (0xFu << 18), (4u << 8) | (14u << 18));
  change(RCC_CR, 0u, 1u << 24);
  waitFor(RCC_CR, 1u << 25, 1u << 25);
  change(RCC_CFGR, 3u, 2u);
  waitFor(RCC_CFGR, 3u << 2, 2u << 2);
}

void mote_soc_init(void) {
  startClock();
  change(RCC_APB2ENR, 0u, (1u << 0) | (1u << 2) | (1u << 14));  // AFIO, port A, USART1
  (void)REG(RCC_APB2ENR);
  REG(GPIOA_BSRR) = 1u << 10;               // pull-up, not down
  change(GPIOA_CRH, 0xFFu << 4, 0x8Bu << 4);  // PA9 push-pull alternate function 50 MHz, PA10 input with pull
}
