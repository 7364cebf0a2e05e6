// SPDX-License-Identifier: Apache-2.0
// ESP32-C6 after direct boot: watchdogs and interrupts off, processor and UART0 at 40 MHz from the crystal. The boot ROM
// has mapped the flash; code and data are seen through one window. Addresses and fields: ESP-IDF components/soc/esp32c6
// (reg_base.h, lp_wdt_reg.h, timer_group_reg.h, pcr_reg.h, io_mux_reg.h); the order of the clock settings:
// components/hal/esp32c6/include/hal/clk_tree_ll.h.
#include <stdint.h>
#include "mote_board.h"

#if MOTE_CLOCK_HZ != 40000000u || MOTE_UART_CLOCK_HZ != 40000000u || MOTE_UART_BASE != 0x60000000u
#error "the clocks below are 40 MHz, the pins are those of UART0"
#endif

void mote_soc_init(void);
void mote_trap_table(void);

#define REG(address) (*(volatile uint32_t *)(address))

enum { LP_WDT_CONFIG0 = 0x600B1C00, LP_WDT_WPROTECT = 0x600B1C18 };
enum { LP_WDT_SWD_CONFIG = 0x600B1C1C, LP_WDT_SWD_WPROTECT = 0x600B1C20 };
enum { TIMG0_WDTCONFIG0 = 0x60008048, TIMG0_WDTWPROTECT = 0x60008064 };
enum { TIMG1_WDTCONFIG0 = 0x60009048, TIMG1_WDTWPROTECT = 0x60009064 };
enum { PCR_UART0_CONF = 0x60096000, PCR_UART0_SCLK_CONF = 0x60096004 };
enum { PCR_SYSCLK_CONF = 0x60096110, PCR_CPU_FREQ_CONF = 0x60096118 };
enum { IO_MUX_GPIO16 = 0x60090044, IO_MUX_GPIO17 = 0x60090048 };

#define WDT_KEY 0x50D83AA1u // of all of them, the super watchdog's too

// mtvec is vectored and takes its low eight bits as 0. Exceptions come to its first entry; interrupts would come to the
// others, and are off.
__attribute__((naked, noreturn, used, aligned(256))) void mote_trap_table(void) {
  __asm__ volatile("tail mote_trap");
}

static void stopTimerWatchdog(uint32_t config, uint32_t protect) {
  REG(protect) = WDT_KEY;
  REG(config) = 1u << 22;  // neither bit 31 (on) nor bit 14 (on while booting from flash); bit 22 hands that over
  REG(protect) = 0u;
}

void mote_soc_init(void) {
  __asm__ volatile("csrci mstatus, 8" ::: "memory");  // no interrupt of the ROM's
  __asm__ volatile("csrw mtvec, %0" ::"r"(mote_trap_table) : "memory");
  REG(LP_WDT_WPROTECT) = WDT_KEY;
  REG(LP_WDT_CONFIG0) = 0u;  // neither bit 31 (on) nor bit 12 (on while booting from flash)
  REG(LP_WDT_WPROTECT) = 0u;
  REG(LP_WDT_SWD_WPROTECT) = WDT_KEY;
  REG(LP_WDT_SWD_CONFIG) |= 1u << 18;  // the super watchdog feeds itself
  REG(LP_WDT_SWD_WPROTECT) = 0u;
  stopTimerWatchdog(TIMG0_WDTCONFIG0, TIMG0_WDTWPROTECT);
  stopTimerWatchdog(TIMG1_WDTCONFIG0, TIMG1_WDTWPROTECT);
  // The divider for the crystal in bits 7..0, less one; then the crystal, source 0 in bits 17..16.
  REG(PCR_CPU_FREQ_CONF) &= ~0xFFu;
  REG(PCR_SYSCLK_CONF) &= ~(3u << 16);
  REG(PCR_UART0_CONF) = 1u;                           // registers clocked, no reset
  REG(PCR_UART0_SCLK_CONF) = (1u << 22) | (3u << 20);  // on; from the crystal, undivided
  // Function 0 in bits 14..12 is U0TXD and U0RXD; bit 9 lets the input in, bit 8 pulls it up.
  REG(IO_MUX_GPIO16) &= ~(7u << 12);
  REG(IO_MUX_GPIO17) = (REG(IO_MUX_GPIO17) & ~(7u << 12)) | (1u << 9) | (1u << 8);
}
