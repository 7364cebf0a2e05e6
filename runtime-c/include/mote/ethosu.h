/* SPDX-License-Identifier: Apache-2.0 */
/* Layers that run on an Arm Ethos-U: a command stream, and the driver's call that starts it. Link Arm's
 * ethos-u-core-driver, which has the three functions at the end (Apache-2.0; its ethosu_driver.h says the same).
 * `ports` has three numbers for each input, then for each output: region, offset in it, bytes. Region 1 is the scratch:
 * a tensor that the caller put there, at its offset, is not copied. A region of 4 and more is the tensor itself. */
#ifndef MOTE_ETHOSU_H
#define MOTE_ETHOSU_H

#include <stddef.h>
#include <stdint.h>

#define MOTE_ETHOSU_REGIONS 8

typedef struct {
  const int32_t *payload; /* "COP1" and the command stream, at a multiple of 16 */
  int32_t payload_bytes;
  const uint8_t *constants; /* region 0, at a multiple of 16 */
  int32_t constant_bytes;
  int32_t scratch_bytes; /* region 1 */
  int32_t fast_offset;   /* region 2, in the scratch argument */
  int32_t fast_bytes;
  int32_t inputs;
  int32_t outputs;
  const int32_t *ports;
} mote_ethosu_call;

/* MOTE_OK; MOTE_E_ALIGN where a tensor that is a region does not lie at a multiple of 16; MOTE_E_NPU where the driver
 * refuses the stream or the NPU reports a fault. */
int mote_ethosu_run(const mote_ethosu_call *p, const void *const *inputs, void *const *outputs, uint8_t *scratch);

struct ethosu_driver;
struct ethosu_driver *ethosu_reserve_driver(void);
void ethosu_release_driver(struct ethosu_driver *drv);
int ethosu_invoke_v3(struct ethosu_driver *drv, const void *custom_data_ptr, const int custom_data_size,
                     uint64_t *const base_addr, const size_t *base_addr_size, const int num_base_addr, void *user_arg);

#endif
