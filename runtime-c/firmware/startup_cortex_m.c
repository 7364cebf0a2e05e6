// SPDX-License-Identifier: Apache-2.0
// From reset to main() on every Cortex-M: vectors, FPU and Helium, painted stack, .data and .bss, faults.
// Register addresses are those of the Armv6-M, Armv7-M and Armv8-M Architecture Reference Manuals (DDI0419, DDI0403,
// DDI0553).
#include <stdint.h>

extern uint32_t __stack_top[], __stack_limit[];
extern uint32_t __data_start[], __data_end[], __bss_start[], __bss_end[];
extern const uint32_t __data_load[];

void mote_soc_init(void);
int main(void);
void mote_fault(uint32_t cause, uint32_t pc);
void mote_systick_irq(void);

void mote_reset(void);
void mote_start(void);
void mote_exception(void);
void mote_exception_frame(const uint32_t *frame, uint32_t cause);

#define STACK_PAINT 0xC5C5C5C5u
#define SHCSR (*(volatile uint32_t *)0xE000ED24u)
#define CCR (*(volatile uint32_t *)0xE000ED14u)

#define VTOR (*(volatile uint32_t *)0xE000ED08u)
#define NVIC_ICER ((volatile uint32_t *)0xE000E180u)
#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#if __ARM_ARCH >= 7
#define NVIC_WORDS 16
#else
#define NVIC_WORDS 1
#endif

extern const uintptr_t mote_vectors[16];

__attribute__((weak)) void mote_systick_irq(void) {}

// CPACR (0xE000ED88): full access to coprocessors 10 and 11, which is the FPU and Helium. This comes before any C code,
// since a compiler may use vector registers anywhere. Armv8-M: a stack limit turns overflow into a fault.
__attribute__((naked, noreturn, used)) void mote_reset(void) {
  __asm volatile(
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
      "ldr r0, =0xE000ED88\n"
      "ldr r1, [r0]\n"
      "movs r2, #0xF\n"
      "lsls r2, r2, #20\n"
      "orrs r1, r2\n"
      "str r1, [r0]\n"
      "dsb\n"
      "isb\n"
#endif
#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
      "ldr r0, =__stack_limit\n"
      "msr msplim, r0\n"
#endif
      "ldr r0, =__stack_top\n"
      "msr msp, r0\n"
      "bl mote_start\n"
      "1: b 1b\n"
      ".ltorg\n");
}

// Everything below this function's own frame gets the pattern from which the high-water mark is read.
static void paintStack(void) {
  volatile uint32_t *end = (volatile uint32_t *)((uintptr_t)__builtin_frame_address(0) - 64u);
  for (volatile uint32_t *p = __stack_limit; p < end; p++) *p = STACK_PAINT;
}

// A boot loader that starts this program may leave its own vectors in use, interrupts enabled, or all of them masked.
static void forgetBootLoader(void) {
  SYST_CSR = 0;
  for (int i = 0; i < NVIC_WORDS; i++) NVIC_ICER[i] = 0xFFFFFFFFu;
  VTOR = (uint32_t)(uintptr_t)mote_vectors;
  __asm volatile("dsb\n isb\n cpsie i" ::: "memory");
}

__attribute__((noreturn, used)) void mote_start(void) {
  paintStack();
  forgetBootLoader();
  const uint32_t *from = __data_load;
  for (uint32_t *to = __data_start; to < __data_end; to++) *to = *from++;
  for (uint32_t *to = __bss_start; to < __bss_end; to++) *to = 0;
#if __ARM_ARCH >= 7
  SHCSR |= 7u << 16;  // MEMFAULTENA, BUSFAULTENA, USGFAULTENA: each fault under its own number
#endif
#if defined(__ARM_ARCH_8_1M_MAIN__)
  CCR |= 1u << 19;  // LOB: cache the low-overhead loops
#endif
  mote_soc_init();
  (void)main();
  for (;;) {}
}

// Cause is the exception number: 2 NMI, 3 HardFault, 4 MemManage, 5 BusFault, 6 UsageFault, 7 SecureFault, 11 SVC ...
__attribute__((naked, noreturn, used)) void mote_exception(void) {
  __asm volatile(
      "mrs r0, msp\n"
      "mrs r1, ipsr\n"
      "bl mote_exception_frame\n"
      "1: b 1b\n");
}

// The stacked frame is r0 r1 r2 r3 r12 lr pc xpsr; it is not there when stacking itself failed.
__attribute__((noreturn, used)) void mote_exception_frame(const uint32_t *frame, uint32_t cause) {
  const int framed = frame >= __stack_limit && frame + 8 <= __stack_top;
  mote_fault(cause, framed ? frame[6] : 0u);
  for (;;) {}
}

// No interrupt but SysTick is ever enabled, so the table ends with the system exceptions.
__attribute__((section(".vectors"), used)) const uintptr_t mote_vectors[16] = {
    (uintptr_t)__stack_top,
    (uintptr_t)mote_reset,
    (uintptr_t)mote_exception,  // NMI
    (uintptr_t)mote_exception,  // HardFault
    (uintptr_t)mote_exception,  // MemManage
    (uintptr_t)mote_exception,  // BusFault
    (uintptr_t)mote_exception,  // UsageFault
    (uintptr_t)mote_exception,  // SecureFault
    0,
    0,
    0,
    (uintptr_t)mote_exception,  // SVC
    (uintptr_t)mote_exception,  // DebugMonitor
    0,
    (uintptr_t)mote_exception,  // PendSV
    (uintptr_t)mote_systick_irq,
};
