/* SPDX-License-Identifier: Apache-2.0 */
/* int8 fully connected layer for Armv6-M: eight outputs at a time, their weights as bytes of two words. */
#include "mote/fullyconnected.h"
#include "mote/thumb_requantize.h"

enum { OUTPUTS = 8 };

#ifdef __thumb__
/* Input i: a word's four products. r0 walks the words, r1 the inputs; r5 is the input. */
#define WORD(word, top, third, second, bottom) \
  "asrs r4, " word ", #24\n"                   \
  "muls r4, r5, r4\n"                          \
  "add " top ", r4\n"                          \
  "asrs r4, " word ", #16\n"                   \
  "muls r4, r5, r4\n"                          \
  "add " third ", r4\n"                        \
  "asrs r4, " word ", #8\n"                    \
  "muls r4, r5, r4\n"                          \
  "add " second ", r4\n"                       \
  "muls " word ", r5, " word "\n"              \
  "adds " bottom ", " bottom ", " word "\n"
#define INPUT(i)                     \
  "ldmia r0!, {r2, r3}\n"            \
  "ldrb r5, [r1, #" i "]\n"          \
  "sxtb r5, r5\n"                    \
  WORD("r2", "r10", "r9", "r8", "r6") \
  WORD("r3", "lr", "r12", "r11", "r7")

/* Sums of two words shifted right by 0, 8, 16 and 24 times the inputs: word 0's first, word 1's first, word 0's others,
 * word 1's others. `fours` is the input after the last whole four of them. Takes every register. */
__attribute__((naked, noinline)) static void shifted_sums(const int32_t *weights, const int8_t *input, uint32_t *sums,
                                                          const int8_t *fours, const int8_t *end) {
  __asm volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, lr}\n"
      "mov r4, r8\n"
      "mov r5, r9\n"
      "mov r6, r10\n"
      "mov r7, r11\n"
      "push {r2, r3, r4, r5, r6, r7}\n" /* sums at sp, fours at sp + 4, end at sp + 44 */
      "movs r6, #0\n"
      "movs r7, #0\n"
      "mov r8, r6\n"
      "mov r9, r6\n"
      "mov r10, r6\n"
      "mov r11, r6\n"
      "mov r12, r6\n"
      "mov lr, r6\n"
      "cmp r1, r3\n"
      "beq 2f\n"
      "1:\n" INPUT("0") INPUT("1") INPUT("2") INPUT("3")
      "adds r1, #4\n"
      "ldr r4, [sp, #4]\n"
      "cmp r1, r4\n"
      "bne 1b\n"
      "2:\n"
      "ldr r4, [sp, #44]\n"
      "cmp r1, r4\n"
      "beq 3f\n" INPUT("0")
      "adds r1, #1\n"
      "b 2b\n"
      "3:\n"
      "ldr r0, [sp]\n"
      "stmia r0!, {r6, r7}\n"
      "mov r2, r8\n"
      "mov r3, r9\n"
      "mov r4, r10\n"
      "mov r5, r11\n"
      "stmia r0!, {r2, r3, r4, r5}\n"
      "mov r2, r12\n"
      "mov r3, lr\n"
      "stmia r0!, {r2, r3}\n"
      "pop {r2, r3, r4, r5, r6, r7}\n"
      "mov r8, r4\n"
      "mov r9, r5\n"
      "mov r10, r6\n"
      "mov r11, r7\n"
      "pop {r4, r5, r6, r7, pc}\n");
}
#else /* the same for the host */
static void shifted_sums(const int32_t *weights, const int8_t *input, uint32_t *sums, const int8_t *fours,
                         const int8_t *end) {
  (void)fours;
  for (int32_t i = 0; i < OUTPUTS; i++) sums[i] = 0;
  for (; input != end; input++) {
    const uint32_t x = (uint32_t)(int32_t)*input;
    for (int32_t half = 0; half < 2; half++) {
      const int32_t word = *weights++;
      sums[half] += (uint32_t)word * x;
      for (int32_t byte = 1; byte < 4; byte++) sums[1 + 3 * half + byte] += (uint32_t)(word >> (8 * byte)) * x;
    }
  }
}
#endif

/* One word's accumulators, modulo 2^32. `offset` is -128 times the sum of the inputs. */
static void separate(int32_t acc[4], uint32_t bottom, const uint32_t *rest, const int32_t *bias, uint32_t offset) {
  acc[0] = (int32_t)(bottom - (rest[0] << 8) + offset + (uint32_t)bias[0]);
  acc[1] = (int32_t)(rest[0] - (rest[1] << 8) + offset + (uint32_t)bias[1]);
  acc[2] = (int32_t)(rest[1] - (rest[2] << 8) + offset + (uint32_t)bias[2]);
  acc[3] = (int32_t)(rest[2] + (uint32_t)bias[3]);
}

static uint32_t sum_of(const int8_t *input, int32_t count) {
  int32_t sum = 0;
  for (int32_t i = 0; i < count; i++) sum += input[i];
  return (uint32_t)sum;
}

void mote_fullyconnected_s8s8_bytes__thumb(const mote_fullyconnected_s8s8_bytes *p, const int8_t *input,
                                           int8_t *output) {
  mote_thumb_finish job = {p->half, p->output_min, p->output_max, 0, p->signs, 0, 0, 0, 4, 0, 4};
  for (int32_t r = 0; r < p->rows; r++) {
    const uint32_t offset = 0u - (sum_of(input, p->in_c) << 7);
    const int32_t *weights = p->weights;
    const int32_t *bias = p->bias;
    job.output = output;
    job.scale = (const mote_thumb_scale *)p->scale;
    for (int32_t c = 0; c < p->out_c; c += OUTPUTS) {
      uint32_t sums[OUTPUTS];
      int32_t acc[OUTPUTS];
      shifted_sums(weights, input, sums, input + (p->in_c & ~3), input + p->in_c);
      separate(acc, sums[0], sums + 2, bias, offset);
      separate(acc + 4, sums[1], sums + 5, bias + 4, offset);
      job.acc = acc;
      job.channels = p->out_c - c < OUTPUTS ? p->out_c - c : OUTPUTS;
      mote_thumb_finish_channels(&job);
      weights += 2 * p->in_c;
      bias += OUTPUTS;
    }
    input += p->in_c;
    output += p->out_c;
  }
}
