// SPDX-License-Identifier: Apache-2.0
// See samd21Applet.h. Registers: SAM D21 data sheet DS40001882, NVMCTRL and PAC.
#include "samd21Applet.h"

extern const uint32_t __program_start[], __program_end[];
extern const mote_orders __orders;
extern mote_result __result;
extern uint32_t __stack_top[];

#define REGISTER8(address) (*(volatile uint8_t *)(uintptr_t)(address))
#define REGISTER16(address) (*(volatile uint16_t *)(uintptr_t)(address))
#define REGISTER32(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define PAC1_WPCLR REGISTER32(0x41000000u)
#define PAC1_WPSET REGISTER32(0x41000004u)
#define PAC1_NVMCTRL 4u
#define NVM_COMMAND REGISTER16(0x41004000u) // CTRLA
#define NVM_CTRLB REGISTER32(0x41004004u)
#define NVM_READY REGISTER8(0x41004014u)    // INTFLAG, bit 0
#define NVM_STATUS REGISTER16(0x41004018u)
#define NVM_ADDRESS REGISTER32(0x4100401Cu) // in 16-bit words

#define KEY 0xA500u
#define ERASE_ROW (KEY | 0x02u)
#define WRITE_PAGE (KEY | 0x04u)
#define CLEAR_PAGE_BUFFER (KEY | 0x44u)
#define INVALIDATE_CACHE (KEY | 0x46u)
#define WRITE_BY_COMMAND 0x80u // MANW
#define STATUS_ERRORS 0x1Cu    // NVME, LOCKE, PROGE

#define ROW_BYTES 256u
#define PAGE_BYTES 64u
#define BOOT_LOADER_BYTES 0x2000u
#define CRC_POLYNOMIAL 0xEDB88320u

void mote_applet(void);

// What G takes: a stack, then where to begin.
__attribute__((used, section(".vectors"))) static const void *const vectors[2] = {__stack_top, (const void *)mote_applet};

static uint32_t crc32(const uint8_t *bytes, uint32_t count) {
  uint32_t table[16];
  for (uint32_t i = 0; i < 16u; i++) {
    uint32_t value = i;
    for (uint32_t bit = 0; bit < 4u; bit++) value = (value >> 1) ^ ((value & 1u) != 0 ? CRC_POLYNOMIAL : 0u);
    table[i] = value;
  }
  uint32_t crc = 0xFFFFFFFFu;
  for (uint32_t i = 0; i < count; i++) {
    crc = (crc >> 4) ^ table[(crc ^ bytes[i]) & 15u];
    crc = (crc >> 4) ^ table[(crc ^ ((uint32_t)bytes[i] >> 4)) & 15u];
  }
  return ~crc;
}

static void command(uint32_t code) {
  NVM_COMMAND = (uint16_t)code;
  while ((NVM_READY & 1u) == 0) {}
}

static void writeRow(uint32_t address, const uint32_t *data) {
  NVM_ADDRESS = address / 2u;
  command(ERASE_ROW);
  for (uint32_t page = 0; page < ROW_BYTES; page += PAGE_BYTES) {
    command(CLEAR_PAGE_BUFFER);
    for (uint32_t i = 0; i < PAGE_BYTES; i += 4u) REGISTER32(address + page + i) = data[(page + i) / 4u];
    NVM_ADDRESS = (address + page) / 2u;
    command(WRITE_PAGE);
  }
}

static uint32_t writeRows(const mote_orders *orders) {
  const uint32_t from = orders->from, to = orders->to, address = orders->address, count = orders->count;
  if (crc32((const uint8_t *)orders->data, count) != orders->dataCrc) return MOTE_DAMAGED_DATA;
  if (from < BOOT_LOADER_BYTES || from > address || address > to || count > to - address) return MOTE_OUTSIDE;
  if ((from | to | address | count) % ROW_BYTES != 0) return MOTE_OUTSIDE;
  PAC1_WPCLR = PAC1_NVMCTRL;
  uint32_t settings = NVM_CTRLB;
  NVM_CTRLB = settings | WRITE_BY_COMMAND;
  NVM_STATUS = STATUS_ERRORS;
  for (uint32_t at = 0; at < count; at += ROW_BYTES) writeRow(address + at, orders->data + at / 4u);
  uint32_t errors = NVM_STATUS & STATUS_ERRORS;
  command(INVALIDATE_CACHE);
  NVM_CTRLB = settings;
  PAC1_WPSET = PAC1_NVMCTRL;
  if (errors != 0) return MOTE_FLASH_FAILED;
  for (uint32_t i = 0; i < count / 4u; i++)
    if (REGISTER32(address + 4u * i) != orders->data[i]) return MOTE_DIFFERS;
  return MOTE_OK;
}

static uint32_t act(const mote_orders *orders, mote_result *result) {
  const uint8_t *program = (const uint8_t *)__program_start;
  if (crc32(program, (uint32_t)((uintptr_t)__program_end - (uintptr_t)__program_start)) != *__program_end)
    return MOTE_DAMAGED_PROGRAM;
  if (orders->magic != MOTE_ORDERS_MAGIC || crc32((const uint8_t *)orders, 32u) != orders->crc)
    return MOTE_DAMAGED_ORDERS;
  result->number = orders->number;
  if (orders->operation == MOTE_DIGEST) {
    result->value = crc32((const uint8_t *)(uintptr_t)orders->address, orders->count);
    return MOTE_OK;
  }
  if (orders->operation != MOTE_WRITE_ROWS || orders->count > MOTE_MOST_DATA_BYTES) return MOTE_UNKNOWN;
  return writeRows(orders);
}

// Called by the boot loader with interrupts off; returns to it.
void mote_applet(void) {
  mote_result *result = &__result;
  result->number = 0;
  result->value = 0;
  result->status = act(&__orders, result);
  result->crc = crc32((const uint8_t *)result, 12u);
}
