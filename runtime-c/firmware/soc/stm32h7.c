// SPDX-License-Identifier: Apache-2.0
// STM32H743: the reset clock, HSI at 64 MHz, the instruction cache, and USART3 on PD8 and PD9 (a Nucleo-144's ST-LINK).
// Fields: RM0433 (RCC, FLASH, GPIO); wait states: its table of FLASH latencies for VOS3, 45 to 90 MHz. Addresses: ST's
// cmsis_device_h7, Include/stm32h743xx.h at 3b6fd841, as said beside them.
#include <stdint.h>
#include "mote_board.h"

#if MOTE_CLOCK_HZ != 64000000u || MOTE_UART_BASE != 0x40004800u
#error "the reset clock is 64 MHz, the pins are those of USART3"
#endif

void mote_soc_init(void);

#define REG(address) (*(volatile uint32_t *)(address))

// RCC_BASE 0x58024400, RCC_TypeDef: CR 0x00, CFGR 0x10, AHB4ENR 0xE0, APB1LENR 0xE8
enum { RCC_CR = 0x58024400, RCC_CFGR = 0x58024410, RCC_AHB4ENR = 0x580244E0, RCC_APB1LENR = 0x580244E8 };
enum { FLASH_ACR = 0x52002000 };                             // FLASH_R_BASE, FLASH_TypeDef: ACR 0x00
enum { GPIOD_MODER = 0x58020C00, GPIOD_AFRH = 0x58020C24 };  // GPIOD_BASE, GPIO_TypeDef: MODER 0x00, AFR[1] 0x24
#define SCB_CCR 0xE000ED14u
#define SCB_ICIALLU 0xE000EF50u

static void change(uint32_t address, uint32_t clear, uint32_t set) {
  REG(address) = (REG(address) & ~clear) | set;
}

static void enableInstructionCache(void) {
  __asm volatile("dsb\n isb" ::: "memory");
  REG(SCB_ICIALLU) = 0u;
  __asm volatile("dsb\n isb" ::: "memory");
  change(SCB_CCR, 0u, 1u << 17);
  __asm volatile("dsb\n isb" ::: "memory");
}

void mote_soc_init(void) {
  // A boot loader may have left another clock: back to HSI, undivided.
  change(RCC_CR, 3u << 3, 1u << 0);
  while ((REG(RCC_CR) & (1u << 2)) == 0u) {}
  change(RCC_CFGR, 7u, 0u);
  while ((REG(RCC_CFGR) & (7u << 3)) != 0u) {}
  change(FLASH_ACR, 0x3Fu, 0x11u);  // 1 wait state, WRHIGHFREQ 1
  enableInstructionCache();
  change(RCC_AHB4ENR, 0u, 1u << 3);
  change(RCC_APB1LENR, 0u, 1u << 18);
  (void)REG(RCC_APB1LENR);
  change(GPIOD_AFRH, 0xFFu, 0x77u);  // alternate function 7 of PD8 and PD9
  change(GPIOD_MODER, (3u << 16) | (3u << 18), (2u << 16) | (2u << 18));
}
