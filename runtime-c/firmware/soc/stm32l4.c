// SPDX-License-Identifier: Apache-2.0
// STM32L4R5 on the NUCLEO-L4R5ZI: 120 MHz from MSI by the PLL, LPUART1 on PG7 and PG8 (the ST-LINK's virtual port).
// Addresses, fields and sequences: RM0432 (PWR, RCC, FLASH, GPIO), pins: UM2179 and the STM32L4R5 data sheet.
#include <stdint.h>
#include "mote_board.h"

#if MOTE_CLOCK_HZ != 120000000u
#error "the PLL below makes 120 MHz"
#endif

void mote_soc_init(void);

#define REG(address) (*(volatile uint32_t *)(address))

enum { FLASH_ACR = 0x40022000 };
enum { PWR_CR1 = 0x40007000, PWR_CR2 = 0x40007004, PWR_SR2 = 0x40007014, PWR_CR5 = 0x40007080 };
enum {
  RCC_CR = 0x40021000, RCC_CFGR = 0x40021008, RCC_PLLCFGR = 0x4002100C, RCC_AHB2ENR = 0x4002104C,
  RCC_APB1ENR1 = 0x40021058, RCC_APB1ENR2 = 0x4002105C, RCC_CCIPR = 0x40021088,
};
enum { GPIOG_MODER = 0x48001800, GPIOG_AFRL = GPIOG_MODER + 0x20, GPIOG_AFRH = GPIOG_MODER + 0x24 };

static void change(uint32_t address, uint32_t clear, uint32_t set) {
  REG(address) = (REG(address) & ~clear) | set;
}

static void waitFor(uint32_t address, uint32_t mask, uint32_t value) {
  while ((REG(address) & mask) != value) {}
}

// Range 1 boost is what 80 to 120 MHz needs: VOS = 01, R1MODE = 0.
static void raiseVoltage(void) {
  change(RCC_APB1ENR1, 0u, 1u << 28);  // PWREN
  (void)REG(RCC_APB1ENR1);             // the clock is there two cycles after the write
  change(PWR_CR1, 3u << 9, 1u << 9);
  waitFor(PWR_SR2, 1u << 10, 0u);  // VOSF
  change(PWR_CR5, 1u << 8, 0u);
}

// MSI 4 MHz / 1 * 60 / 2 = 120 MHz. Above 80 MHz the AHB prescaler must be 2 for at least 1 us around the switch.
static void startPll(void) {
  change(RCC_CR, 0u, 1u << 0);  // MSION, at its reset range of 4 MHz
  waitFor(RCC_CR, 1u << 1, 1u << 1);
  change(RCC_CR, 0xFu << 4, (6u << 4) | (1u << 3));  // MSIRANGE 6 = 4 MHz, taken from this register
  change(RCC_CR, 1u << 24, 0u);
  waitFor(RCC_CR, 1u << 25, 0u);
  REG(RCC_PLLCFGR) = (1u << 0) | (0u << 4) | (60u << 8) | (1u << 24) | (0u << 25);
  change(RCC_CR, 0u, 1u << 24);
  waitFor(RCC_CR, 1u << 25, 1u << 25);
}

static void switchClock(void) {
  change(FLASH_ACR, 0xFu, 5u | (1u << 8) | (1u << 9) | (1u << 10));  // 5 wait states, prefetch, both caches
  waitFor(FLASH_ACR, 0xFu, 5u);
  change(RCC_CFGR, 0xFu << 4, 8u << 4);  // HPRE = 2
  change(RCC_CFGR, 3u, 3u);
  waitFor(RCC_CFGR, 3u << 2, 3u << 2);
  for (volatile uint32_t i = 0; i < 60u; i++) {}  // over 1 us at 60 MHz
  change(RCC_CFGR, 0xFu << 4, 0u);
}

// Port G hangs on VDDIO2, which is isolated until IOSV says that it is there. PG7 and PG8: alternate function 8.
static void connectPins(void) {
  change(PWR_CR2, 0u, 1u << 9);
  change(RCC_AHB2ENR, 0u, 1u << 6);
  (void)REG(RCC_AHB2ENR);
  change(GPIOG_AFRL, 0xFu << 28, 8u << 28);
  change(GPIOG_AFRH, 0xFu << 0, 8u << 0);
  change(GPIOG_MODER, (3u << 14) | (3u << 16), (2u << 14) | (2u << 16));
  change(RCC_CCIPR, 3u << 10, 0u);  // LPUART1 from PCLK1
  change(RCC_APB1ENR2, 0u, 1u << 0);
  (void)REG(RCC_APB1ENR2);
}

void mote_soc_init(void) {
  raiseVoltage();
  startPll();
  switchClock();
  connectPins();
}
