// SPDX-License-Identifier: Apache-2.0
// GD32VF103: the reset clock, 8 MHz from IRC8M, and USART0 on PA9 and PA10.
// Addresses and fields: GD32VF103 User Manual (RCU, GPIO).
#include <stdint.h>
#include "mote_board.h"

#if MOTE_CLOCK_HZ != 8000000u || MOTE_UART_BASE != 0x40013800u
#error "the clock below is 8 MHz, the pins are those of USART0"
#endif

void mote_soc_init(void);

#define REG(address) (*(volatile uint32_t *)(address))

enum { RCU_CTL = 0x40021000, RCU_CFG0 = 0x40021004, RCU_APB2EN = 0x40021018 };
enum { GPIOA_CTL1 = 0x40010804, GPIOA_BOP = 0x40010810 };

static void change(uint32_t address, uint32_t clear, uint32_t set) {
  REG(address) = (REG(address) & ~clear) | set;
}

void mote_soc_init(void) {
  // A boot loader may have left another clock: back to IRC8M, every bus undivided.
  change(RCU_CTL, 0u, 1u << 0);
  while ((REG(RCU_CTL) & (1u << 1)) == 0u) {}
  change(RCU_CFG0, 3u, 0u);
  while ((REG(RCU_CFG0) & (3u << 2)) != 0u) {}
  change(RCU_CFG0, (0xFu << 4) | (7u << 8) | (7u << 11), 0u);
  change(RCU_APB2EN, 0u, (1u << 0) | (1u << 2) | (1u << 14));  // AF, port A, USART0
  (void)REG(RCU_APB2EN);
  REG(GPIOA_BOP) = 1u << 10;                   // pull-up, not down
  change(GPIOA_CTL1, 0xFFu << 4, 0x8Bu << 4);  // PA9 push-pull alternate function 50 MHz, PA10 input with pull
}
