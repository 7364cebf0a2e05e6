// SPDX-License-Identifier: Apache-2.0
// Kendryte K210: the cores at 390 MHz from PLL0, the KPU at 390 MHz from PLL1, UARTHS on IO4 and IO5.
// Registers, fields and the order in which a PLL starts: sysctl.h, sysctl.c, fpioa.h of Canaan's kendryte-standalone-sdk.
// No board has run this yet.
#include <stdint.h>
#include "mote_board.h"

#if MOTE_CLOCK_HZ != 390000000u || MOTE_UART_BASE != 0x38000000u
#error "the clock below is 390 MHz, the pins are those of UARTHS"
#endif

void mote_soc_init(void);

extern const uint32_t __data_load[]; // from the linker script: what comes before is code and constants

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

enum {
  SYSCTL = 0x50440000,
  PLL0 = SYSCTL + 0x08,
  PLL1 = SYSCTL + 0x0C,
  PLL_LOCK = SYSCTL + 0x18,
  CLK_SEL0 = SYSCTL + 0x20,
  CLK_EN_CENT = SYSCTL + 0x28,
  CLK_EN_PERI = SYSCTL + 0x2C,
  PERI_RESET = SYSCTL + 0x34,
  CLK_TH0 = SYSCTL + 0x38,
  FPIOA = 0x502B0000
};

// The same 6 MiB of SRAM, through the cache and past it.
#define CACHED 0x80000000u
#define UNCACHED 0x40000000u

// 26 MHz * 30 / divider; the bandwidth is set like the factor.
#define PLL_FACTOR 30u
#define PLL_DIVIDED(divider) ((PLL_FACTOR - 1u) << 4 | ((divider) - 1u) << 10 | (PLL_FACTOR - 1u) << 14)
#define PLL_RESET (1u << 20)
#define PLL_POWER (1u << 21)
#define PLL_OUT (1u << 25)

#define ACLK_FROM_PLL0 1u
#define ACLK_DIVIDER (3u << 1) // 0: PLL0 / 2
#define APB0 (1u << 3)
#define AI (1u << 2) // in CLK_EN_PERI and PERI_RESET
#define FPIOA_CLOCK (1u << 20)
#define AI_DIVIDER (0xFu << 8) // 0: PLL1 itself

#define FUNCTION_UARTHS_RX 18u
#define FUNCTION_UARTHS_TX 19u
#define PAD_STRONGEST (0xFu << 8)
#define PAD_OUTPUT (1u << 12)
#define PAD_INPUT (1u << 20)
#define PAD_SCHMITT (1u << 23)

static void change(uint32_t address, uint32_t clear, uint32_t set) { REG(address) = (REG(address) & ~clear) | set; }

// `locked`: the bits of PLL_LOCK that say so; the next one clears a slip.
static void start_pll(uint32_t pll, uint32_t divider, uint32_t locked, uint32_t slip) {
  const uint32_t running = PLL_POWER | PLL_DIVIDED(divider);
  REG(pll) = running;
  REG(pll) = running | PLL_RESET;
  for (volatile uint32_t i = 0; i < 16u; i++) {}
  REG(pll) = running;
  while ((REG(PLL_LOCK) & locked) != locked) change(PLL_LOCK, 0u, slip);
  REG(pll) = running | PLL_OUT;
}

// The KPU reads its tables past the cache, where a boot loader's copy of them may still wait. What the CPU sees is written
// there, as kpu_load_kmodel does it (kpu.c).
static void write_out_constants(void) {
  const uint64_t *from = (const uint64_t *)(uintptr_t)CACHED;
  volatile uint64_t *to = (volatile uint64_t *)(uintptr_t)UNCACHED;
  while ((uintptr_t)from < (uintptr_t)__data_load) *to++ = *from++;
}

void mote_soc_init(void) {
  change(CLK_SEL0, ACLK_FROM_PLL0, 0u); // on the crystal, while PLL0 changes
  start_pll(PLL0, 1u, 3u, 1u << 2);
  change(CLK_SEL0, ACLK_DIVIDER, 0u);
  change(CLK_SEL0, 0u, ACLK_FROM_PLL0);

  // The KPU and its RAM answer nobody before their clock runs: an access would hang.
  start_pll(PLL1, 2u, 1u << 8, 1u << 10);
  change(CLK_TH0, AI_DIVIDER, 0u);
  change(CLK_EN_PERI, 0u, AI | FPIOA_CLOCK);
  change(CLK_EN_CENT, 0u, APB0);
  change(PERI_RESET, 0u, AI);
  change(PERI_RESET, AI, 0u);

  write_out_constants();

  REG(FPIOA + 4 * MOTE_UART_RX_PIN) = FUNCTION_UARTHS_RX | PAD_INPUT | PAD_SCHMITT;
  REG(FPIOA + 4 * MOTE_UART_TX_PIN) = FUNCTION_UARTHS_TX | PAD_STRONGEST | PAD_OUTPUT;
}
