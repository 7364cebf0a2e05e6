// SPDX-License-Identifier: Apache-2.0
// ESP32-C3 after direct boot: watchdogs and interrupts off, processor at 40 MHz from the crystal. The boot ROM has mapped
// the flash and set UART0 up. Addresses and fields: ESP-IDF components/soc/esp32c3 (rtc_cntl_reg.h, timer_group_reg.h,
// system_reg.h, io_mux_reg.h); boot: github.com/espressif/esp32c3-direct-boot-example.
// Below the RAM of the program lies the cache's, so that a stack that overflows may not fault.
#include <stdint.h>
#include "mote_board.h"

#if MOTE_CLOCK_HZ != 40000000u || MOTE_UART_CLOCK_HZ != 40000000u || MOTE_UART_BASE != 0x60000000u
#error "the clocks below are 40 MHz, the pins are those of UART0"
#endif

void mote_soc_init(void);
void mote_trap_table(void);

#define REG(address) (*(volatile uint32_t *)(address))

enum { RTC_WDTCONFIG0 = 0x60008090, RTC_WDTWPROTECT = 0x600080A8 };
enum { RTC_SWD_CONF = 0x600080AC, RTC_SWD_WPROTECT = 0x600080B0 };
enum { TIMG0_WDTCONFIG0 = 0x6001F048, TIMG0_WDTWPROTECT = 0x6001F064 };
enum { TIMG1_WDTCONFIG0 = 0x60020048, TIMG1_WDTWPROTECT = 0x60020064 };
enum { SYSTEM_SYSCLK_CONF = 0x600C0058 };
enum { IO_MUX_GPIO20 = 0x60009054, IO_MUX_GPIO21 = 0x60009058 };

#define WDT_KEY 0x50D83AA1u
#define SWD_KEY 0x8F1D312Au

// mtvec is always vectored and takes its low eight bits as 0 (Technical Reference Manual, register 1.7). Exceptions come
// to its first entry; interrupts would come to the others, and are off.
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
  REG(RTC_WDTWPROTECT) = WDT_KEY;
  REG(RTC_WDTCONFIG0) = 0u;  // neither bit 31 (on) nor bit 12 (on while booting from flash)
  REG(RTC_WDTWPROTECT) = 0u;
  REG(RTC_SWD_WPROTECT) = SWD_KEY;
  REG(RTC_SWD_CONF) |= 1u << 31;  // the super watchdog feeds itself
  REG(RTC_SWD_WPROTECT) = 0u;
  stopTimerWatchdog(TIMG0_WDTCONFIG0, TIMG0_WDTWPROTECT);
  stopTimerWatchdog(TIMG1_WDTCONFIG0, TIMG1_WDTWPROTECT);
  // Source 0 in bits 11..10 is the crystal, divided by one more than bits 9..0.
  REG(SYSTEM_SYSCLK_CONF) &= ~0xFFFu;
  // Function 0 in bits 14..12 is U0RXD and U0TXD; bit 9 lets the input in, bit 8 pulls it up.
  REG(IO_MUX_GPIO20) = (REG(IO_MUX_GPIO20) & ~(7u << 12)) | (1u << 9) | (1u << 8);
  REG(IO_MUX_GPIO21) &= ~(7u << 12);
}
