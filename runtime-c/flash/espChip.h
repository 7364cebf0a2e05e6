// SPDX-License-Identifier: Apache-2.0
// Registers and ROM functions of the two chips. ROM: ESP-IDF components/esp_rom/esp32c3/ld/esp32c3.rom.ld and
// esp32c6.rom.ld; registers: components/soc/<chip>/register/soc/ (uart_reg.h, usb_serial_jtag_reg.h, spi_mem_reg.h,
// rtc_cntl_reg.h, lp_wdt_reg.h).
#ifndef MOTE_ESP_CHIP_H
#define MOTE_ESP_CHIP_H

#include "loader.h"

#define UART_FIFO MOTE_REGISTER(0x60000000u)
#define UART_INT_ENA MOTE_REGISTER(0x6000000Cu)
#define UART_STATUS MOTE_REGISTER(0x6000001Cu) // bytes received in bits 7..0, bytes to send in bits 23..16
#define UART_FIFO_BYTES 128u

#if defined MOTE_ESP32C3
#define USB_BASE 0x60043000u
#define SPI_BASE 0x60002000u
#define DATA_ALIAS 0x00700000u // code at 0x40380000 is data at 0x3FC80000
#define RTC_WDT_CONFIG0 MOTE_REGISTER(0x60008090u)
#define RTC_WDT_KEY MOTE_REGISTER(0x600080A8u)
#define SUPER_WDT_CONFIG MOTE_REGISTER(0x600080ACu)
#define SUPER_WDT_KEY MOTE_REGISTER(0x600080B0u)
#define SUPER_WDT_KEY_VALUE 0x8F1D312Au
#define SUPER_WDT_FEEDS_ITSELF (1u << 31)
#define ROM_ERASE_SECTOR 0x40000128u
#define ROM_WRITE 0x4000012Cu
#define ROM_READ 0x40000130u
#define ROM_CONFIG_PARAM 0x40000134u
#define ROM_UNLOCK 0x40000140u
#define ROM_ATTACH 0x40000164u
#define ROM_MD5_INIT 0x40000614u
#define ROM_MD5_UPDATE 0x40000618u
#define ROM_MD5_FINAL 0x4000061Cu
#elif defined MOTE_ESP32C6
#define USB_BASE 0x6000F000u
#define SPI_BASE 0x60003000u
#define DATA_ALIAS 0u
#define RTC_WDT_CONFIG0 MOTE_REGISTER(0x600B1C00u)
#define RTC_WDT_KEY MOTE_REGISTER(0x600B1C18u)
#define SUPER_WDT_CONFIG MOTE_REGISTER(0x600B1C1Cu)
#define SUPER_WDT_KEY MOTE_REGISTER(0x600B1C20u)
#define SUPER_WDT_KEY_VALUE 0x50D83AA1u
#define SUPER_WDT_FEEDS_ITSELF (1u << 18)
#define ROM_ERASE_SECTOR 0x40000144u
#define ROM_WRITE 0x4000014Cu
#define ROM_READ 0x40000150u
#define ROM_CONFIG_PARAM 0x40000160u
#define ROM_UNLOCK 0x40000154u
#define ROM_ATTACH 0x400001DCu
#define ROM_MD5_INIT 0x4000074Cu
#define ROM_MD5_UPDATE 0x40000750u
#define ROM_MD5_FINAL 0x40000754u
#else
#error "MOTE_ESP32C3 or MOTE_ESP32C6"
#endif

#define RTC_WDT_KEY_VALUE 0x50D83AA1u
#define ROM_SOFTWARE_RESET 0x40000090u

#define USB_BYTE MOTE_REGISTER(USB_BASE)
#define USB_STATUS MOTE_REGISTER(USB_BASE + 4u) // bit 0 ends a packet, bit 1: room for a byte, bit 2: a byte has come

#define SPI_COMMAND MOTE_REGISTER(SPI_BASE)
#define SPI_USER MOTE_REGISTER(SPI_BASE + 0x18u)
#define SPI_USER2 MOTE_REGISTER(SPI_BASE + 0x20u)
#define SPI_READ_BITS MOTE_REGISTER(SPI_BASE + 0x28u)
#define SPI_DATA MOTE_REGISTER(SPI_BASE + 0x58u)

#define CHIP_ENTRY ""

static inline void chipStart(mote_loader *loader) {
  UART_INT_ENA = 0;
  loader->onUsb = 0;
}

static inline uint32_t chipGetByte(mote_loader *loader) {
  for (;;) {
    if ((UART_STATUS & 0xFFu) != 0) {
      loader->onUsb = 0;
      return UART_FIFO & 0xFFu;
    }
    if ((USB_STATUS & 4u) != 0) {
      loader->onUsb = 1;
      return USB_BYTE & 0xFFu;
    }
  }
}

static inline void chipPutByte(const mote_loader *loader, uint32_t byte) {
  if (loader->onUsb != 0) {
    while ((USB_STATUS & 2u) == 0) {}
    USB_BYTE = byte;
    return;
  }
  while ((UART_STATUS >> 16 & 0xFFu) >= UART_FIFO_BYTES - 1u) {}
  UART_FIFO = byte;
}

static inline void chipEndAnswer(const mote_loader *loader) {
  if (loader->onUsb != 0) USB_STATUS = 1u;
}

static inline void chipRestart(void) {
  for (volatile uint32_t wait = 0; wait < 200000u; wait++) {} // until the answer is out
  ((void (*)(void))(uintptr_t)ROM_SOFTWARE_RESET)();
}

// The ROM has set the speed before the loader was started.
static inline void chipSetSpeed(uint32_t baud) { (void)baud; }

#endif
