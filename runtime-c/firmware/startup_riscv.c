// SPDX-License-Identifier: Apache-2.0
// From reset to main() on RV32 and RV64: trap vector, float and vector unit, painted stack, .data and .bss.
// CSR numbers and fields are those of the RISC-V Privileged Architecture.
#include <stdint.h>

extern uint32_t __stack_top[], __stack_limit[];
extern uint32_t __data_start[], __data_end[], __bss_start[], __bss_end[];
extern const uint32_t __data_load[];

void mote_soc_init(void);
int main(void);
void mote_fault(uint32_t cause, uint32_t pc);

void mote_reset(void);
void mote_start(void);
void mote_trap(void);

#define STACK_PAINT 0xC5C5C5C5u

// mtvec comes first (a trap without it hangs for ever), then interrupts off; mstatus.VS = initial before any C code, since the compiler
// vectorizes the loops below. Addresses are absolute (norelax): gp is never set up.
__attribute__((naked, noreturn, used, section(".vectors"))) void mote_reset(void) {
  __asm volatile(
      ".option push\n"
      ".option norelax\n"
#if __riscv_xlen == 64
      "csrr t0, mhartid\n"  // the K210 starts both of its harts here: one computes, the others sleep
      "3: beqz t0, 1f\n"
      "wfi\n"
      "j 3b\n"
#else
      "lui t0, %hi(1f)\n"  // where flash is also seen at address 0 (GD32VF103), on to where the program was linked
      "jalr x0, %lo(1f)(t0)\n"
#endif
      "1: la t0, mote_trap\n"
      "csrw mtvec, t0\n"
      "csrci mstatus, 8\n"  // MIE: a boot loader may have left interrupts on
#ifdef __riscv_flen
      "li t0, 0x2000\n"  // mstatus.FS = initial; rounding to nearest, no flags
      "csrs mstatus, t0\n"
      "csrw fcsr, x0\n"
#endif
#if defined(__riscv_vector) || defined(__riscv_zve32x)
      "li t0, 0x200\n"
      "csrs mstatus, t0\n"
#endif
      "la sp, __stack_top\n"
      "call mote_start\n"
      "2: j 2b\n"
      ".option pop\n");
}

// Everything below this function's own frame gets the pattern from which the high-water mark is read.
static void paintStack(void) {
  volatile uint32_t *end = (volatile uint32_t *)((uintptr_t)__builtin_frame_address(0) - 64u);
  for (volatile uint32_t *p = __stack_limit; p < end; p++) *p = STACK_PAINT;
}

__attribute__((noreturn, used)) void mote_start(void) {
  paintStack();
  const uint32_t *from = __data_load;
  for (uint32_t *to = __data_start; to < __data_end; to++) *to = *from++;
  for (uint32_t *to = __bss_start; to < __bss_end; to++) *to = 0;
  mote_soc_init();
  (void)main();
  for (;;) {}
}

// No interrupt is ever enabled, so every trap is a fault: cause is mcause. Aligned to 64, as some cores take the low six
// bits of mtvec for a mode. The stack is taken over, as it may be
// broken.
__attribute__((naked, noreturn, used, aligned(64))) void mote_trap(void) {
  __asm volatile(
      ".option push\n"
      ".option norelax\n"
      "la sp, __stack_top\n"
      "csrr a0, mcause\n"
      "csrr a1, mepc\n"
#if __riscv_xlen == 64
      "sext.w a0, a0\n"  // as uint32_t arguments are handed over
      "sext.w a1, a1\n"
#endif
      "call mote_fault\n"
      "1: j 1b\n"
      ".option pop\n");
}
