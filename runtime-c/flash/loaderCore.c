// SPDX-License-Identifier: Apache-2.0
// The core of the loader (loader.h): what the boot ROM puts into RAM and starts. It knows frames and takes the
// extension; there is no code here that could touch the flash.
#include "loaderChip.h"

extern const uint32_t __core_start[], __core_end[], __core_crc[];
extern uint32_t __extension_start[], __extension_end[], __state[];

#define SLIP_END 0xC0u
#define SLIP_ESCAPE 0xDBu
#define SLIP_ESCAPED_END 0xDCu
#define SLIP_ESCAPED_ESCAPE 0xDDu
#define CRC_POLYNOMIAL 0xEDB88320u

void mote_core(void);

// Interrupts off (the ROM reads its UART in one), and a stack that is known to be free.
__attribute__((naked, noreturn, used, section(".core.entry"))) void mote_entry(void) {
  __asm volatile(
      ".option push\n"
      ".option norelax\n"
      "csrci mstatus, 8\n" CHIP_ENTRY
      "la sp, __stack_top\n"
      "j mote_core\n"
      ".option pop\n");
}

// Code is read where it is data.
static const uint8_t *seenAsData(const void *code) {
  return (const uint8_t *)((uintptr_t)code - DATA_ALIAS);
}

static uint32_t crcStep(const mote_loader *loader, uint32_t crc, uint32_t byte) {
  crc = (crc >> 4) ^ loader->crcTable[(crc ^ byte) & 15u];
  return (crc >> 4) ^ loader->crcTable[(crc ^ (byte >> 4)) & 15u];
}

static uint32_t crc32(const mote_loader *loader, const uint8_t *bytes, uint32_t count) {
  uint32_t crc = 0xFFFFFFFFu;
  for (uint32_t i = 0; i < count; i++) crc = crcStep(loader, crc, bytes[i]);
  return ~crc;
}

static void makeCrcTable(mote_loader *loader) {
  for (uint32_t i = 0; i < 16u; i++) {
    uint32_t value = i;
    for (uint32_t bit = 0; bit < 4u; bit++) value = (value >> 1) ^ ((value & 1u) != 0 ? CRC_POLYNOMIAL : 0u);
    loader->crcTable[i] = value;
  }
}

static void putEscaped(const mote_loader *loader, uint32_t byte) {
  if (byte != SLIP_END && byte != SLIP_ESCAPE) {
    chipPutByte(loader, byte);
    return;
  }
  chipPutByte(loader, SLIP_ESCAPE);
  chipPutByte(loader, byte == SLIP_END ? SLIP_ESCAPED_END : SLIP_ESCAPED_ESCAPE);
}

// Bytes of the next frame, which lie in loader->frame then; 0 where it was damaged.
static uint32_t receive(mote_loader *loader) {
  uint8_t *frame = (uint8_t *)loader->frame;
  uint32_t count = 0, escaped = 0, damaged = 0;
  for (;;) {
    uint32_t byte = chipGetByte(loader);
    if (byte == SLIP_END) return damaged != 0 || escaped != 0 ? 0 : count;
    if (byte == SLIP_ESCAPE && escaped == 0) {
      escaped = 1;
      continue;
    }
    if (escaped != 0) {
      if (byte != SLIP_ESCAPED_END && byte != SLIP_ESCAPED_ESCAPE) damaged = 1;
      byte = byte == SLIP_ESCAPED_END ? SLIP_END : SLIP_ESCAPE;
      escaped = 0;
    }
    if (count >= MOTE_FRAME_BYTES) damaged = 1;
    else frame[count++] = (uint8_t)byte;
  }
}

static void answer(const mote_loader *loader, uint32_t sequence, uint32_t status) {
  uint32_t crc = 0xFFFFFFFFu;
  const uint32_t head[2] = {MOTE_ANSWER | loader->operation << 8 | sequence << 16, status};
  chipPutByte(loader, SLIP_END);
  for (uint32_t i = 0; i < 8u + loader->answerBytes; i++) {
    uint32_t byte = i < 8u ? head[i / 4u] >> (8u * (i % 4u)) & 0xFFu : loader->answer[i - 8u];
    crc = crcStep(loader, crc, byte);
    putEscaped(loader, byte);
  }
  crc = ~crc;
  for (uint32_t i = 0; i < 4u; i++) putEscaped(loader, crc >> (8u * i) & 0xFFu);
  chipPutByte(loader, SLIP_END);
  chipEndAnswer(loader);
}

// An empty extension is zeros, which no RISC-V core executes.
static void closeAll(mote_loader *loader) {
  loader->extension = 0;
  loader->from = loader->to = 0;
  volatile uint32_t *to = (volatile uint32_t *)(uintptr_t)seenAsData(__extension_end);
  for (volatile uint32_t *at = (volatile uint32_t *)(uintptr_t)seenAsData(__extension_start); at < to; at++) *at = 0;
}

static uint32_t coreCrc(const mote_loader *loader) {
  return crc32(loader, seenAsData(__core_start), (uint32_t)((uintptr_t)__core_end - (uintptr_t)__core_start));
}

static uint32_t hello(mote_loader *loader) {
  closeAll(loader);
  loader->small[0] = coreCrc(loader);
  loader->answer = (const uint8_t *)loader->small;
  loader->answerBytes = 4u;
  return MOTE_OK;
}

static uint32_t put(mote_loader *loader) {
  uint32_t room = (uint32_t)((uintptr_t)__extension_end - (uintptr_t)__extension_start);
  if (loader->dataBytes % 4u != 0 || loader->first % 4u != 0) return MOTE_WRONG_LENGTH;
  if (loader->first > room || loader->dataBytes > room - loader->first) return MOTE_OUTSIDE;
  loader->extension = 0;
  volatile uint32_t *to = (volatile uint32_t *)((uintptr_t)seenAsData(__extension_start) + loader->first);
  for (uint32_t i = 0; i < loader->dataBytes / 4u; i++) to[i] = loader->frame[MOTE_HEADER_BYTES / 4u + i];
  return MOTE_OK;
}

static uint32_t openExtension(mote_loader *loader) {
  uint32_t room = (uint32_t)((uintptr_t)__extension_end - (uintptr_t)__extension_start);
  if (loader->first == 0 || loader->first > room) return MOTE_WRONG_LENGTH;
  if (crc32(loader, seenAsData(__extension_start), loader->first) != loader->second) return MOTE_DAMAGED;
  __asm volatile("fence.i" ::: "memory");
  loader->extension = (mote_extension)(uintptr_t)__extension_start;
  return loader->extension(loader);
}

static uint32_t act(mote_loader *loader) {
  switch (loader->operation) {
    case MOTE_HELLO: return hello(loader);
    case MOTE_PUT: return put(loader);
    case MOTE_OPEN: return openExtension(loader);
    default: return loader->extension == 0 ? MOTE_CLOSED : loader->extension(loader);
  }
}

// A request that comes a second time is the host's, who missed the answer. It may only be answered again where acting
// twice is the same as acting once, which is so for all: what changes the flash finds it changed already.
static void handle(mote_loader *loader, uint32_t count) {
  uint32_t sequence = loader->frame[0] >> 16;
  loader->operation = loader->frame[0] >> 8 & 0xFFu;
  loader->first = loader->frame[1];
  loader->second = loader->frame[2];
  loader->dataBytes = count - MOTE_HEADER_BYTES - MOTE_CRC_BYTES;
  loader->answerBytes = 0;
  uint32_t next = (loader->lastSequence + 1u) & 0xFFFFu;
  uint32_t known = sequence == next || sequence == loader->lastSequence || loader->operation == MOTE_HELLO;
  uint32_t status = known != 0 ? act(loader) : MOTE_WRONG_SEQUENCE;
  if (known != 0) loader->lastSequence = sequence;
  answer(loader, sequence, status);
  if (loader->operation == MOTE_RESTART && status == MOTE_OK) chipRestart();
  if (loader->operation == MOTE_SPEED && status == MOTE_OK) chipSetSpeed(loader->first);
}

__attribute__((noreturn, used)) void mote_core(void) {
  mote_loader *loader = (mote_loader *)__state;
  chipStart(loader);
  loader->lastSequence = 0;
  makeCrcTable(loader);
  if (coreCrc(loader) != *(const uint32_t *)(uintptr_t)seenAsData(__core_crc)) for (;;) {}
  closeAll(loader);
  for (;;) {
    uint32_t count = receive(loader);
    if (count < MOTE_HEADER_BYTES + MOTE_CRC_BYTES) continue;
    const uint8_t *frame = (const uint8_t *)loader->frame;
    uint32_t said = 0;
    for (uint32_t i = 0; i < 4u; i++) said |= (uint32_t)frame[count - 4u + i] << (8u * i);
    if (frame[0] == MOTE_REQUEST && crc32(loader, frame, count - MOTE_CRC_BYTES) == said) handle(loader, count);
  }
}
