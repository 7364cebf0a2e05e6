// SPDX-License-Identifier: Apache-2.0
// Which kernel is proven where. A kernel gets all its cases under the first target below that may choose it, and again
// under the first one for which its C reads otherwise (#if on a machine's macro). The other targets that share it compile
// and run it on a few: enough to see that it works there, since the arithmetic is the same C.
import { loadTarget } from '../../../src/build/boards.js';
import { runtimeFiles } from '../../../src/emit/runtimeFiles.js';
import { variants } from '../../../src/ops/variants/index.js';
import { longerVectors } from '../longerVectors.js';
import type { BoardChange } from '../runBatches.js';

interface Place {
  target: string;
  /** One board per target, the quickest to emulate. */
  board: string;
  /** The same firmware on other machines too. */
  machines?: readonly BoardChange[];
  /** Macros of runtime-c's conditions that the compiler defines for it. */
  macros: readonly string[];
}

export const places: readonly Place[] = [
  { target: 'cortex-m0plus', board: 'pico', macros: ['__thumb__', '__ARM_ARCH_6M__'] },
  { target: 'cortex-m4', board: 'virtual-m4', macros: ['__thumb__'] },
  { target: 'cortex-m55', board: 'virtual-m55', macros: ['__thumb__'] },
  { target: 'rv32imc', board: 'virtual-rv32', macros: ['__riscv'] },
  { target: 'rv32imc-zve32x', board: 'virtual-rv32v', macros: ['__riscv'], machines: longerVectors },
  { target: 'wasm32', board: 'host', macros: ['__wasm__'] },
  { target: 'rv32imc-zbb', board: 'virtual-rv32zbb', macros: ['__riscv', '__riscv_zbb'] },
  { target: 'rv64imafdc', board: 'virtual-rv64', macros: ['__riscv'] },
  { target: 'cortex-m3', board: 'virtual-m3', macros: ['__thumb__'] },
  { target: 'cortex-m7', board: 'virtual-m7', macros: ['__thumb__'] },
  { target: 'cortex-m33', board: 'virtual-m33', macros: ['__thumb__'] },
];

/** Cases of a kernel for each rounding. */
export const caseCounts = { full: 30, sample: 6 } as const;
export type Extent = keyof typeof caseCounts;

/** What a target may choose: kernels that it has a cost for. */
export function kernelsOf(id: string): string[] {
  const target = loadTarget(id);
  const fit = variants.filter((v) => target.isa.includes(v.isa) && target.costs?.[v.kernel]);
  return [...new Set(fit.map((v) => v.kernel))];
}

/** Macros of the machine (not mote's own, nor the compiler's) that a kernel's sources depend on. */
export function conditionsOf(kernel: string): string[] {
  const text = [...runtimeFiles([kernel], []).values()].join('\n');
  const lines = text.match(/^[ \t]*#[ \t]*(if|ifdef|ifndef|elif)\b.*$/gm) ?? [];
  const macros = lines.flatMap((line) => line.match(/\b_\w+/g) ?? []);
  return [...new Set(macros)].filter((m) => !['__GNUC__', '__clang__', '__cplusplus'].includes(m)).sort();
}

export interface Proof {
  kernel: string;
  target: string;
  extent: Extent;
}

/** Every kernel of every target. */
export function proofs(): Proof[] {
  const proven = new Set<string>();
  return places.flatMap(({ target, macros }) =>
    kernelsOf(target).map((kernel): Proof => {
      const code = [kernel, ...conditionsOf(kernel).filter((m) => macros.includes(m))].join(' ');
      const extent = proven.has(code) ? 'sample' : 'full';
      proven.add(code);
      return { kernel, target, extent };
    }),
  );
}
