// SPDX-License-Identifier: Apache-2.0
// Arm's driver on the host: the call goes out of the WebAssembly module, to the functional model of the NPU
// (src/npu/ethosu/hostDriver.ts), which works on the module's memory. So the arrays of the C file are what runs.
#include "mote/ethosu.h"

// payload, its bytes, `count` addresses, as many sizes
__attribute__((import_module("mote"), import_name("ethosu_invoke_v3"))) int32_t
mote_host_ethosu_invoke(const void *payload, int32_t bytes, const uint64_t *base, const size_t *sizes, int32_t count);

// The model has one NPU and nothing to remember of it.
static char driver;

struct ethosu_driver *ethosu_reserve_driver(void) { return (struct ethosu_driver *)(void *)&driver; }

void ethosu_release_driver(struct ethosu_driver *drv) { (void)drv; }

int ethosu_invoke_v3(struct ethosu_driver *drv, const void *custom_data_ptr, const int custom_data_size,
                     uint64_t *const base_addr, const size_t *base_addr_size, const int num_base_addr, void *user_arg) {
  (void)drv;
  (void)user_arg;
  return mote_host_ethosu_invoke(custom_data_ptr, custom_data_size, base_addr, base_addr_size, num_base_addr);
}
