// SPDX-License-Identifier: Apache-2.0
// The program by which mote changes the flash of a SAM D21 behind Arduino's SAM-BA. SAM-BA's commands are bare text: one
// damaged letter makes "erase everything" of nearly any of them. So mote write-protects the flash controller (PAC) before
// anything else, and only this program, which SAM-BA's G starts, lifts that protection, for as long as it acts. It acts
// only when its own CRC-32, that of its orders and that of their data are right, and only within the window of the orders.
//
// In RAM: the program (vectors, zeros up to CODE, code, CRC-32 of all that), then orders, data and result, all
// little-endian. The zeros mean that a G to a slightly wrong address finds no program.
#ifndef MOTE_SAMD21_APPLET_H
#define MOTE_SAMD21_APPLET_H

#include <stdint.h>

#define MOTE_ORDERS_MAGIC 0x65746F4Du // "Mote"
#define MOTE_MOST_DATA_BYTES 4096u

typedef enum {
  MOTE_WRITE_ROWS = 1, // rows at `address` become the data
  MOTE_DIGEST = 2,     // CRC-32 of `count` bytes at `address`
} mote_operation;

typedef struct {
  uint32_t magic;
  uint32_t number; // of the orders; the result repeats it
  uint32_t operation;
  uint32_t from, to; // the window
  uint32_t address, count;
  uint32_t dataCrc;
  uint32_t crc; // of all before
  uint32_t reserved[7];
  uint32_t data[MOTE_MOST_DATA_BYTES / 4u];
} mote_orders;

typedef enum {
  MOTE_OK = 0,
  MOTE_DAMAGED_PROGRAM = 1,
  MOTE_DAMAGED_ORDERS = 2,
  MOTE_DAMAGED_DATA = 3,
  MOTE_OUTSIDE = 4,
  MOTE_FLASH_FAILED = 5,
  MOTE_DIFFERS = 6,
  MOTE_UNKNOWN = 7,
} mote_status;

typedef struct {
  uint32_t number, status, value;
  uint32_t crc; // of all before
} mote_result;

#endif
