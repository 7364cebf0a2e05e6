// SPDX-License-Identifier: Apache-2.0
#include "mote/ethosu.h"
#include "mote/mote.h"

enum { region_constants = 0, region_scratch = 1, region_fast = 2, port_words = 3, base_align = 16 };

static uint64_t address_of(const void *pointer) { return (uint64_t)(uintptr_t)pointer; }

// Where a port lies in the scratch, or NULL where the tensor is a region of its own.
static uint8_t *place_of(const int32_t *port, uint8_t *scratch) {
  return port[0] == region_scratch ? scratch + port[1] : 0;
}

static int set_region(const int32_t *port, const void *tensor, uint64_t *base, size_t *sizes) {
  if (port[0] == region_scratch) return MOTE_OK;
  if (((uintptr_t)tensor & (base_align - 1u)) != 0u) return MOTE_E_ALIGN;
  base[port[0]] = address_of(tensor);
  sizes[port[0]] = (size_t)port[2];
  return MOTE_OK;
}

int mote_ethosu_run(const mote_ethosu_call *p, const void *const *inputs, void *const *outputs, uint8_t *scratch) {
  uint64_t base[MOTE_ETHOSU_REGIONS] = { 0 };
  size_t sizes[MOTE_ETHOSU_REGIONS] = { 0 };
  base[region_constants] = address_of(p->constants);
  sizes[region_constants] = (size_t)p->constant_bytes;
  base[region_scratch] = address_of(scratch);
  sizes[region_scratch] = (size_t)p->scratch_bytes;
  base[region_fast] = address_of(scratch + p->fast_offset);
  sizes[region_fast] = (size_t)p->fast_bytes;
  const int32_t *port = p->ports;
  for (int32_t i = 0; i < p->inputs; i++, port += port_words) {
    uint8_t *place = place_of(port, scratch);
    if (place != 0 && place != inputs[i]) __builtin_memcpy(place, inputs[i], (size_t)port[2]);
    if (set_region(port, inputs[i], base, sizes) != MOTE_OK) return MOTE_E_ALIGN;
  }
  const int32_t *const results = port;
  for (int32_t i = 0; i < p->outputs; i++, port += port_words)
    if (set_region(port, outputs[i], base, sizes) != MOTE_OK) return MOTE_E_ALIGN;

  struct ethosu_driver *const driver = ethosu_reserve_driver();
  if (driver == 0) return MOTE_E_NPU;
  const int failed =
      ethosu_invoke_v3(driver, p->payload, p->payload_bytes, base, sizes, MOTE_ETHOSU_REGIONS, 0);
  ethosu_release_driver(driver);
  if (failed != 0) return MOTE_E_NPU;
  port = results;
  for (int32_t i = 0; i < p->outputs; i++, port += port_words) {
    const uint8_t *place = place_of(port, scratch);
    if (place != 0 && place != outputs[i]) __builtin_memcpy(outputs[i], place, (size_t)port[2]);
  }
  return MOTE_OK;
}
