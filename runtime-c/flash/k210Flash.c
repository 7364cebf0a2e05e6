// SPDX-License-Identifier: Apache-2.0
// The extension of the loader (loader.h) for a K210: all code that reads or changes the SPI flash at SPI3. It changes
// whole sectors, only in the window that was announced, and only to what a frame with a right CRC-32 brought. No transfer
// is longer than the controller's queue of 32: an empty queue would end the command, a full one would lose what comes.
// Commands of the flash chip: JESD216 and the data sheets of W25Q128JV and GD25LQ128.
#include "k210Chip.h"

#define EXTENSION __attribute__((section(".extension")))

#define FLASH_WRITE_ENABLE 0x06u
#define FLASH_READ_STATUS 0x05u
#define FLASH_READ_JEDEC_ID 0x9Fu
#define FLASH_READ 0x03u
#define FLASH_PROGRAM 0x02u
#define FLASH_ERASE_SECTOR 0x20u
#define STATUS_BUSY 1u
#define STATUS_WRITE_ENABLED 2u
#define STATUS_PROTECTION 0x7Cu
#define FLASH_MOST_BYTES (1u << 24) // what three bytes of address reach
#define COMMAND_BYTES 4u
#define PROGRAM_BYTES 16u
#define READ_BYTES 28u
#define MOST_POLLS 500000u // of 5 us or more each; an erase takes 0.4 s at most
#define LEAST_BAUD 9600u
#define CRC_POLYNOMIAL 0xEDB88320u

static uint32_t openFlash(mote_loader *loader);
static uint32_t setWindow(mote_loader *loader);
static uint32_t writeSector(mote_loader *loader);
static uint32_t digest(mote_loader *loader);
static uint32_t readBytes(mote_loader *loader);
static uint32_t checkSpeed(const mote_loader *loader);

// First in its section: where the core calls.
__attribute__((used, section(".extension.entry"))) uint32_t mote_flash(mote_loader *loader) {
  switch (loader->operation) {
    case MOTE_OPEN: return openFlash(loader);
    case MOTE_SIZE: return loader->first <= FLASH_MOST_BYTES ? MOTE_OK : MOTE_OUTSIDE;
    case MOTE_WINDOW: return setWindow(loader);
    case MOTE_SECTOR: return writeSector(loader);
    case MOTE_DIGEST: return digest(loader);
    case MOTE_READ: return readBytes(loader);
    case MOTE_SPEED: return checkSpeed(loader);
    case MOTE_RESTART: return MOTE_OK;
    default: return MOTE_UNKNOWN;
  }
}

// A command and the three bytes of an address into the queue.
EXTENSION static void beginCommand(uint32_t control, uint32_t command, uint32_t offset, uint32_t bytes) {
  SPI_ENABLE = 0;
  SPI_CONTROL = control;
  SPI_ENABLE = 1;
  SPI_DATA = command;
  if (bytes < COMMAND_BYTES) return;
  SPI_DATA = offset >> 16 & 0xFFu;
  SPI_DATA = offset >> 8 & 0xFFu;
  SPI_DATA = offset & 0xFFu;
}

EXTENSION static uint32_t endSending(void) {
  uint32_t polls = 0;
  SPI_SELECT = 1;
  while ((SPI_STATUS & SPI_BUSY_OR_EMPTY) != SPI_EMPTY && polls < MOST_POLLS) polls++;
  SPI_SELECT = 0;
  SPI_ENABLE = 0;
  return polls < MOST_POLLS;
}

// 0 where nothing comes.
EXTENSION static uint32_t receiveBytes(uint32_t command, uint32_t offset, uint32_t bytes, uint8_t *to, uint32_t count) {
  uint32_t polls = 0;
  SPI_ENABLE = 0;
  SPI_COUNT = count - 1u;
  beginCommand(SPI_SEND_THEN_RECEIVE, command, offset, bytes);
  SPI_SELECT = 1;
  while (SPI_RECEIVED < count && polls < MOST_POLLS) polls++;
  if (polls < MOST_POLLS)
    for (uint32_t i = 0; i < count; i++) to[i] = (uint8_t)SPI_DATA;
  SPI_SELECT = 0;
  SPI_ENABLE = 0;
  return polls < MOST_POLLS;
}

EXTENSION static uint32_t readFlash(uint32_t offset, uint8_t *to, uint32_t count) {
  if (offset > FLASH_MOST_BYTES || count > FLASH_MOST_BYTES - offset) return 0;
  for (uint32_t at = 0; at < count; at += READ_BYTES) {
    uint32_t part = count - at < READ_BYTES ? count - at : READ_BYTES;
    if (receiveBytes(FLASH_READ, offset + at, COMMAND_BYTES, to + at, part) == 0) return 0;
  }
  return 1;
}

// 0xFF (which the chip never answers here) where nothing comes.
EXTENSION static uint32_t readStatus(void) {
  uint8_t status;
  return receiveBytes(FLASH_READ_STATUS, 0, 1u, &status, 1u) != 0 ? status : 0xFFu;
}

EXTENSION static uint32_t waitIdle(void) {
  for (uint32_t polls = 0; polls < MOST_POLLS; polls++)
    if ((readStatus() & STATUS_BUSY) == 0) return 1;
  return 0;
}

EXTENSION static uint32_t enableWriting(void) {
  beginCommand(SPI_SEND_ONLY, FLASH_WRITE_ENABLE, 0, 1u);
  return endSending() != 0 && (readStatus() & (STATUS_WRITE_ENABLED | STATUS_BUSY)) == STATUS_WRITE_ENABLED;
}

EXTENSION static void makeByteTable(mote_loader *loader) {
  for (uint32_t i = 0; i < 256u; i++) {
    uint32_t value = i;
    for (uint32_t bit = 0; bit < 8u; bit++) value = (value >> 1) ^ ((value & 1u) != 0 ? CRC_POLYNOMIAL : 0u);
    loader->byteTable[i] = value;
  }
}

// As the boot ROM sets up SPI3 (13 MHz / 2), and FF FF to a chip that a program left in its continuous read mode.
EXTENSION static uint32_t openFlash(mote_loader *loader) {
  uint8_t id[3] = {0, 0, 0};
  loader->from = loader->to = 0;
  CLOCK_ENABLE |= CLOCK_ENABLE_SPI3;
  CLOCK_THRESHOLD1 &= ~CLOCK_THRESHOLD1_SPI3;
  SPI_ENABLE = 0;
  SPI_SELECT = 0;
  SPI_DIVISOR = 2;
  SPI_INT_ENA = 0;
  SPI_LINES = 0;
  SPI_ENDIAN = 0;
  SPI_CONTROL = SPI_SEND_ONLY;
  SPI_ENABLE = 1;
  SPI_DATA = 0xFFu;
  SPI_DATA = 0xFFu;
  (void)endSending();
  if (receiveBytes(FLASH_READ_JEDEC_ID, 0, 1u, id, 3u) == 0) id[0] = id[1] = id[2] = 0;
  makeByteTable(loader);
  loader->small[0] = (uint32_t)id[0] | (uint32_t)id[1] << 8 | (uint32_t)id[2] << 16;
  loader->answer = (const uint8_t *)loader->small;
  loader->answerBytes = 4u;
  return MOTE_OK;
}

EXTENSION static uint32_t setWindow(mote_loader *loader) {
  const uint32_t *data = loader->frame + MOTE_HEADER_BYTES / 4u;
  if (loader->dataBytes != 8u) return MOTE_WRONG_LENGTH;
  if (data[0] != ~loader->first || data[1] != ~loader->second) return MOTE_DAMAGED;
  if (loader->first > loader->second || (loader->first | loader->second) % MOTE_SECTOR_BYTES != 0) return MOTE_OUTSIDE;
  if (loader->second > FLASH_MOST_BYTES) return MOTE_OUTSIDE;
  loader->from = loader->first;
  loader->to = loader->second;
  loader->notFrom = data[0];
  loader->notTo = data[1];
  return MOTE_OK;
}

EXTENSION static uint32_t mayChange(const mote_loader *loader, uint32_t sector) {
  if (loader->from != ~loader->notFrom || loader->to != ~loader->notTo) return 0;
  return sector % MOTE_SECTOR_BYTES == 0 && sector >= loader->from && sector < loader->to;
}

EXTENSION static uint32_t holds(mote_loader *loader, uint32_t offset, const uint32_t *data) {
  if (readFlash(offset, (uint8_t *)loader->sector, MOTE_SECTOR_BYTES) == 0) return 0;
  for (uint32_t i = 0; i < MOTE_SECTOR_BYTES / 4u; i++)
    if (loader->sector[i] != data[i]) return 0;
  return 1;
}

EXTENSION static uint32_t eraseSector(uint32_t offset) {
  if (enableWriting() == 0) return 0;
  beginCommand(SPI_SEND_ONLY, FLASH_ERASE_SECTOR, offset, COMMAND_BYTES);
  return endSending() != 0 && waitIdle() != 0;
}

EXTENSION static uint32_t programPart(uint32_t offset, const uint8_t *data) {
  uint32_t all = 0xFFu;
  for (uint32_t i = 0; i < PROGRAM_BYTES; i++) all &= data[i];
  if (all == 0xFFu) return 1; // as the erase left it
  if (enableWriting() == 0) return 0;
  beginCommand(SPI_SEND_ONLY, FLASH_PROGRAM, offset, COMMAND_BYTES);
  for (uint32_t i = 0; i < PROGRAM_BYTES; i++) SPI_DATA = data[i];
  return endSending() != 0 && waitIdle() != 0;
}

EXTENSION static uint32_t writeSector(mote_loader *loader) {
  const uint32_t offset = loader->first;
  const uint32_t *data = loader->frame + MOTE_HEADER_BYTES / 4u;
  if (loader->dataBytes != MOTE_SECTOR_BYTES) return MOTE_WRONG_LENGTH;
  if (mayChange(loader, offset) == 0) return MOTE_OUTSIDE;
  if (holds(loader, offset, data) != 0) return MOTE_OK;
  uint32_t status = readStatus();
  if ((status & STATUS_BUSY) != 0) return MOTE_FLASH_FAILED;
  if ((status & STATUS_PROTECTION) != 0) return MOTE_PROTECTED;
  if (eraseSector(offset) == 0) return MOTE_FLASH_FAILED;
  for (uint32_t at = 0; at < MOTE_SECTOR_BYTES; at += PROGRAM_BYTES)
    if (programPart(offset + at, (const uint8_t *)data + at) == 0) return MOTE_FLASH_FAILED;
  return MOTE_OK;
}

EXTENSION static uint32_t digest(mote_loader *loader) {
  uint8_t part[READ_BYTES];
  uint32_t crc = 0xFFFFFFFFu;
  if (loader->second > FLASH_MOST_BYTES) return MOTE_OUTSIDE;
  for (uint32_t at = 0; at < loader->second; at += READ_BYTES) {
    uint32_t count = loader->second - at < READ_BYTES ? loader->second - at : READ_BYTES;
    if (readFlash(loader->first + at, part, count) == 0) return MOTE_FLASH_FAILED;
    for (uint32_t i = 0; i < count; i++) crc = (crc >> 8) ^ loader->byteTable[(crc ^ part[i]) & 0xFFu];
  }
  loader->small[0] = ~crc;
  loader->answer = (const uint8_t *)loader->small;
  loader->answerBytes = 4u;
  return MOTE_OK;
}

EXTENSION static uint32_t readBytes(mote_loader *loader) {
  if (loader->second > MOTE_MOST_READ_BYTES) return MOTE_WRONG_LENGTH;
  if (readFlash(loader->first, (uint8_t *)loader->sector, loader->second) == 0) return MOTE_FLASH_FAILED;
  loader->answer = (const uint8_t *)loader->sector;
  loader->answerBytes = loader->second;
  return MOTE_OK;
}

EXTENSION static uint32_t checkSpeed(const mote_loader *loader) {
  if (loader->first < LEAST_BAUD || CLOCK_HZ / loader->first < UART_LEAST_DIVISOR) return MOTE_OUTSIDE;
  return MOTE_OK;
}
