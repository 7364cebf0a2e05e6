// SPDX-License-Identifier: Apache-2.0
// Arm's driver for a virtual board: the call goes to the host's functional model of the NPU (npu_link.c).
#include "mote/ethosu.h"
#include "npu_link.h"

static char driver;
static mote_npu_range ranges[MOTE_ETHOSU_REGIONS + 1]; // the payload, then the regions

_Static_assert(MOTE_ETHOSU_REGIONS + 1 <= MOTE_NPU_RANGES, "a call names more than the link takes");

struct ethosu_driver *ethosu_reserve_driver(void) { return (struct ethosu_driver *)(void *)&driver; }

void ethosu_release_driver(struct ethosu_driver *drv) { (void)drv; }

int ethosu_invoke_v3(struct ethosu_driver *drv, const void *custom_data_ptr, const int custom_data_size,
                     uint64_t *const base_addr, const size_t *base_addr_size, const int num_base_addr, void *user_arg) {
  (void)drv;
  (void)user_arg;
  if (num_base_addr > MOTE_ETHOSU_REGIONS) return -1;
  ranges[0].address = (uint32_t)(uintptr_t)custom_data_ptr;
  ranges[0].bytes = (uint32_t)custom_data_size;
  uint32_t count = 1;
  for (int i = 0; i < num_base_addr; i++, count++) {
    ranges[count].address = (uint32_t)base_addr[i];
    ranges[count].bytes = (uint32_t)base_addr_size[i];
  }
  return mote_npu_call(ranges, count) != 0 ? -1 : 0;
}
