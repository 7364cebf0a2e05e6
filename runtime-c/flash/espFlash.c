// SPDX-License-Identifier: Apache-2.0
// The extension of the loader (loader.h): all code that reads or changes the flash. It changes whole sectors, only in
// the window that was announced, and only to what a frame with a right CRC-32 brought.
#include "espChip.h"

#define EXTENSION __attribute__((section(".extension")))

#define JEDEC_ID_COMMAND 0x9Fu
#define SPI_RUN (1u << 18)
#define MOST_POLLS 100000u

typedef int32_t (*rom_erase)(uint32_t sector);
typedef int32_t (*rom_write)(uint32_t offset, const uint32_t *from, int32_t count);
typedef int32_t (*rom_read)(uint32_t offset, uint32_t *to, int32_t count);
typedef int32_t (*rom_config)(uint32_t id, uint32_t bytes, uint32_t block, uint32_t sector, uint32_t page, uint32_t mask);
typedef void (*rom_attach)(uint32_t pins, uint32_t legacy);
typedef int32_t (*rom_unlock)(void);
typedef void (*rom_md5_init)(uint32_t *context);
typedef void (*rom_md5_update)(uint32_t *context, const uint8_t *bytes, uint32_t count);
typedef void (*rom_md5_final)(uint8_t *digest, uint32_t *context);
#define ROM(type, address) ((type)(uintptr_t)(address))

// struct MD5Context of the ROM (esp_rom/include/<chip>/rom/md5_hash.h): 4 words of state, 2 of length, 64 bytes.
#define MD5_CONTEXT_WORDS 22u

static uint32_t readJedecId(void);
static uint32_t openFlash(mote_loader *loader);
static uint32_t setWindow(mote_loader *loader);
static uint32_t writeSector(mote_loader *loader);
static uint32_t digest(mote_loader *loader);
static uint32_t readBytes(mote_loader *loader);

// First in its section: where the core calls.
__attribute__((used, section(".extension.entry"))) uint32_t mote_flash(mote_loader *loader) {
  switch (loader->operation) {
    case MOTE_OPEN: return openFlash(loader);
    case MOTE_SIZE:
      return ROM(rom_config, ROM_CONFIG_PARAM)(0, loader->first, 0x10000u, MOTE_SECTOR_BYTES, 0x100u, 0xFFFFu) == 0
                 ? MOTE_OK
                 : MOTE_FLASH_FAILED;
    case MOTE_WINDOW: return setWindow(loader);
    case MOTE_SECTOR: return writeSector(loader);
    case MOTE_DIGEST: return digest(loader);
    case MOTE_READ: return readBytes(loader);
    case MOTE_RESTART: return MOTE_OK;
    default: return MOTE_UNKNOWN;
  }
}

// One user-defined command of the SPI controller: 8 bits out, 24 bits in.
EXTENSION static uint32_t readJedecId(void) {
  uint32_t user = SPI_USER, user2 = SPI_USER2;
  SPI_READ_BITS = 24u - 1u;
  SPI_USER = 0x90000000u;
  SPI_USER2 = 0x70000000u | JEDEC_ID_COMMAND;
  SPI_DATA = 0;
  SPI_COMMAND = SPI_RUN;
  uint32_t polls = 0;
  while ((SPI_COMMAND & SPI_RUN) != 0 && polls < MOST_POLLS) polls++;
  uint32_t id = polls < MOST_POLLS ? SPI_DATA & 0xFFFFFFu : 0u;
  SPI_USER = user;
  SPI_USER2 = user2;
  return id;
}

EXTENSION static void stopWatchdogs(void) {
  RTC_WDT_KEY = RTC_WDT_KEY_VALUE;
  RTC_WDT_CONFIG0 = 0;
  RTC_WDT_KEY = 0;
  SUPER_WDT_KEY = SUPER_WDT_KEY_VALUE;
  SUPER_WDT_CONFIG |= SUPER_WDT_FEEDS_ITSELF;
  SUPER_WDT_KEY = 0;
}

EXTENSION static uint32_t openFlash(mote_loader *loader) {
  stopWatchdogs(); // after a start by the chip's own USB port they run
  loader->from = loader->to = 0;
  loader->unlocked = 0;
  ROM(rom_attach, ROM_ATTACH)(0, 0);
  loader->small[0] = readJedecId();
  loader->answer = (const uint8_t *)loader->small;
  loader->answerBytes = 4u;
  return MOTE_OK;
}

EXTENSION static uint32_t setWindow(mote_loader *loader) {
  const uint32_t *data = loader->frame + MOTE_HEADER_BYTES / 4u;
  if (loader->dataBytes != 8u) return MOTE_WRONG_LENGTH;
  if (data[0] != ~loader->first || data[1] != ~loader->second) return MOTE_DAMAGED;
  if (loader->first > loader->second || (loader->first | loader->second) % MOTE_SECTOR_BYTES != 0) return MOTE_OUTSIDE;
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
  if (ROM(rom_read, ROM_READ)(offset, loader->sector, (int32_t)MOTE_SECTOR_BYTES) != 0) return 0;
  for (uint32_t i = 0; i < MOTE_SECTOR_BYTES / 4u; i++)
    if (loader->sector[i] != data[i]) return 0;
  return 1;
}

EXTENSION static uint32_t writeSector(mote_loader *loader) {
  const uint32_t offset = loader->first;
  const uint32_t *data = loader->frame + MOTE_HEADER_BYTES / 4u;
  if (loader->dataBytes != MOTE_SECTOR_BYTES) return MOTE_WRONG_LENGTH;
  if (mayChange(loader, offset) == 0) return MOTE_OUTSIDE;
  if (holds(loader, offset, data) != 0) return MOTE_OK;
  if (loader->unlocked == 0) (void)ROM(rom_unlock, ROM_UNLOCK)();
  loader->unlocked = 1;
  if (ROM(rom_erase, ROM_ERASE_SECTOR)(offset / MOTE_SECTOR_BYTES) != 0) return MOTE_FLASH_FAILED;
  if (ROM(rom_write, ROM_WRITE)(offset, data, (int32_t)MOTE_SECTOR_BYTES) != 0) return MOTE_FLASH_FAILED;
  return MOTE_OK;
}

EXTENSION static uint32_t digest(mote_loader *loader) {
  uint32_t context[MD5_CONTEXT_WORDS];
  ROM(rom_md5_init, ROM_MD5_INIT)(context);
  uint32_t left = loader->second;
  for (uint32_t offset = loader->first; left > 0;) {
    uint32_t count = left < MOTE_SECTOR_BYTES ? left : MOTE_SECTOR_BYTES;
    // The ROM reads whole words from whole words.
    uint32_t skip = offset & 3u;
    if (count > MOTE_SECTOR_BYTES - skip) count = MOTE_SECTOR_BYTES - skip;
    int32_t words = (int32_t)((skip + count + 3u) & ~3u);
    if (ROM(rom_read, ROM_READ)(offset - skip, loader->sector, words) != 0) return MOTE_FLASH_FAILED;
    ROM(rom_md5_update, ROM_MD5_UPDATE)(context, (const uint8_t *)loader->sector + skip, count);
    offset += count;
    left -= count;
  }
  ROM(rom_md5_final, ROM_MD5_FINAL)((uint8_t *)loader->small, context);
  loader->answer = (const uint8_t *)loader->small;
  loader->answerBytes = 16u;
  return MOTE_OK;
}

EXTENSION static uint32_t readBytes(mote_loader *loader) {
  uint32_t skip = loader->first & 3u;
  if (loader->second > MOTE_MOST_READ_BYTES) return MOTE_WRONG_LENGTH;
  int32_t words = (int32_t)((skip + loader->second + 3u) & ~3u);
  if (ROM(rom_read, ROM_READ)(loader->first - skip, loader->sector, words) != 0) return MOTE_FLASH_FAILED;
  loader->answer = (const uint8_t *)loader->sector + skip;
  loader->answerBytes = loader->second;
  return MOTE_OK;
}
