// SPDX-License-Identifier: Apache-2.0
// STM32U575: 16 MHz from HSI, the instruction cache, and USART1 on PA9 and PA10 (the Nucleo's ST-LINK). TrustZone is off,
// as it is delivered. Fields: RM0456 (RCC, FLASH, ICACHE, GPIO); wait states: for voltage range 4, the one after reset.
// Addresses: ST's cmsis_device_u5, Include/stm32u575xx.h at 5ab1e577, the non-secure ones, as said beside them.
#include <stdint.h>
#include "mote_board.h"

#if MOTE_CLOCK_HZ != 16000000u || MOTE_UART_BASE != 0x40013800u
#error "the clock below is 16 MHz, the pins are those of USART1"
#endif

void mote_soc_init(void);

#define REG(address) (*(volatile uint32_t *)(address))

// RCC_BASE_NS 0x46020C00, RCC_TypeDef: CR 0x00, CFGR1 0x1C, AHB2ENR1 0x8C, APB2ENR 0xA4, CCIPR1 0xE0
enum {
  RCC_CR = 0x46020C00, RCC_CFGR1 = 0x46020C1C, RCC_AHB2ENR1 = 0x46020C8C, RCC_APB2ENR = 0x46020CA4,
  RCC_CCIPR1 = 0x46020CE0,
};
enum { FLASH_ACR = 0x40022000, ICACHE_CR = 0x40030400 };     // FLASH_R_BASE_NS and ICACHE_BASE_NS, both at 0x00
enum { GPIOA_MODER = 0x42020000, GPIOA_AFRH = 0x42020024 };  // GPIOA_BASE_NS, GPIO_TypeDef: MODER 0x00, AFR[1] 0x24

static void change(uint32_t address, uint32_t clear, uint32_t set) {
  REG(address) = (REG(address) & ~clear) | set;
}

static void waitFor(uint32_t address, uint32_t mask, uint32_t value) {
  while ((REG(address) & mask) != value) {}
}

void mote_soc_init(void) {
  change(FLASH_ACR, 0xFu, 2u);  // more than 16 MHz needs at any voltage
  waitFor(FLASH_ACR, 0xFu, 2u);
  change(RCC_CR, 0u, 1u << 8);  // HSION
  waitFor(RCC_CR, 1u << 10, 1u << 10);
  change(RCC_CFGR1, 3u, 1u);
  waitFor(RCC_CFGR1, 3u << 2, 1u << 2);
  change(ICACHE_CR, 0u, 1u);
  change(RCC_CCIPR1, 3u, 0u);  // USART1 from PCLK2
  change(RCC_AHB2ENR1, 0u, 1u << 0);
  change(RCC_APB2ENR, 0u, 1u << 14);
  (void)REG(RCC_APB2ENR);
  change(GPIOA_AFRH, 0xFFu << 4, 0x77u << 4);  // alternate function 7 of PA9 and PA10
  change(GPIOA_MODER, (3u << 18) | (3u << 20), (2u << 18) | (2u << 20));
}
