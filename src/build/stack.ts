// SPDX-License-Identifier: Apache-2.0
// How deep the stack of a linked program can get, from its instructions alone: each function's frame, and the longest
// way through the call graph. What cannot be bounded (recursion, calls through pointers) is said, not guessed.
import { type Code, type CodeFunction, codeOf, functionAt, instructions } from './code.js';
import { type Effect, newRegisters } from './effects.js';
import type { Elf } from './elf.js';
import { riscvEffect } from './riscv.js';
import { thumbEffect } from './thumb.js';

export interface StackBound {
  /** Most bytes in use at once outside of a fault; null when there is no bound. */
  bytes: number | null;
  /** From reset, on the deepest way. */
  threadBytes: number;
  /** SysTick on top of that: the frame that the processor pushes, and the handler. */
  interruptBytes: number;
  /** A fault on top of that, up to the report of it. */
  faultBytes: number;
  /** The deepest way from reset. */
  path: { name: string; frameBytes: number }[];
  /** Why there is no bound. */
  reasons: string[];
}

// Armv7-M ARM B1.5.6: 8 words, 26 with the floating-point registers, and one word to align.
const exceptionFrameBytes = { basic: 36, floating: 108 } as const;
const hardFloatFlag = 0x400; // EF_ARM_ABI_FLOAT_HARD, AAELF32

interface FunctionFacts {
  frameBytes: number;
  callees: Set<number>;
  reasons: string[];
}

function effectsOf(code: Code, f: CodeFunction, vlenbBytes: number): Effect[] {
  const registers = newRegisters();
  const list: Effect[] = [];
  for (const at of instructions(code, f.start, f.end)) {
    list.push(
      code.machine === 'arm' ? thumbEffect(at, registers, code) : riscvEffect(at, registers, vlenbBytes, code.wordBits),
    );
  }
  return list;
}

/** The frame is the sum of all that the code takes: at least what any way through it takes. */
function factsOf(code: Code, f: CodeFunction, vlenbBytes: number): FunctionFacts {
  const facts: FunctionFacts = { frameBytes: 0, callees: new Set(), reasons: [] };
  for (const { growBytes, flow } of effectsOf(code, f, vlenbBytes)) {
    facts.frameBytes += growBytes;
    if (flow.kind === 'unknown') facts.reasons.push(`${f.name} ${flow.what}`);
    if (flow.kind !== 'call' && flow.kind !== 'jump') continue;
    // Within the function it is a jump, also as a bl: Thumb-1 has no other branch that reaches far.
    if (flow.target > f.start && flow.target < f.end) continue;
    if (flow.kind === 'jump' && flow.target === f.start) continue;
    const callee = functionAt(code, flow.target);
    if (callee) facts.callees.add(callee.start);
    else facts.reasons.push(`${f.name} goes to 0x${flow.target.toString(16)}, which is in no function`);
  }
  return facts;
}

interface Depth {
  bytes: number;
  path: CodeFunction[];
}

/** Deepest way from `root`. Iterative, so that a hostile program cannot exhaust the host's own stack. */
function deepest(
  code: Code,
  root: CodeFunction,
  vlenbBytes: number,
  facts: Map<number, FunctionFacts>,
  reasons: Set<string>,
): Depth {
  const done = new Map<number, Depth>();
  const open = new Set<number>();
  const stack: CodeFunction[] = [root];
  const byStart = new Map(code.functions.map((f) => [f.start, f]));
  while (stack.length > 0) {
    const f = stack[stack.length - 1];
    const own = facts.get(f.start) ?? factsOf(code, f, vlenbBytes);
    facts.set(f.start, own);
    const first = !open.has(f.start) && !done.has(f.start);
    if (first) {
      open.add(f.start);
      own.reasons.forEach((r) => void reasons.add(r));
      for (const callee of own.callees) {
        const next = byStart.get(callee);
        if (open.has(callee))
          reasons.add(`${next?.name} calls itself${callee === f.start ? '' : ` by way of ${f.name}`}`);
        else if (next && !done.has(callee)) stack.push(next);
      }
      continue;
    }
    stack.pop();
    if (done.has(f.start)) continue;
    open.delete(f.start);
    let most: Depth = { bytes: 0, path: [] };
    for (const callee of own.callees) {
      const d = done.get(callee);
      if (d && d.bytes > most.bytes) most = d;
    }
    done.set(f.start, { bytes: own.frameBytes + most.bytes, path: [f, ...most.path] });
  }
  return done.get(root.start) ?? { bytes: 0, path: [] };
}

export interface StackOptions {
  /** Bytes of one vector register, by which RISC-V code with vectors scales its frames. */
  vlenbBytes?: number;
}

/**
 * The bound of firmware whose entries are mote_reset, mote_systick_irq, and mote_exception (Arm) or mote_trap
 * (RISC-V).
 */
export function stackBound(elf: Elf, options: StackOptions = {}): StackBound {
  const code = codeOf(elf);
  const facts = new Map<number, FunctionFacts>();
  const reasons = new Set<string>();
  const vlenbBytes = options.vlenbBytes ?? 16;
  const depthOf = (name: string): Depth | undefined => {
    const f = code.functions.find((x) => x.name === name);
    return f && deepest(code, f, vlenbBytes, facts, reasons);
  };
  const thread = depthOf('mote_reset');
  if (!thread) reasons.add('there is no mote_reset');
  const arm = elf.machine === 'arm';
  const frame = elf.flags & hardFloatFlag ? exceptionFrameBytes.floating : exceptionFrameBytes.basic;
  const systick = arm ? depthOf('mote_systick_irq') : undefined;
  // The RISC-V trap handler takes the stack over from the top; Arm's goes on where the fault came.
  const fault = depthOf(arm ? 'mote_exception' : 'mote_trap');
  const threadBytes = thread?.bytes ?? 0;
  const interruptBytes = systick ? frame + systick.bytes : 0;
  return {
    bytes: reasons.size > 0 ? null : threadBytes + interruptBytes,
    threadBytes,
    interruptBytes,
    faultBytes: arm ? frame + (fault?.bytes ?? 0) : Math.max(0, (fault?.bytes ?? 0) - threadBytes),
    path: (thread?.path ?? []).map((f) => ({ name: f.name, frameBytes: facts.get(f.start)?.frameBytes ?? 0 })),
    reasons: [...reasons],
  };
}
