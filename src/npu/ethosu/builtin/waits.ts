// SPDX-License-Identifier: Apache-2.0
// DMA and kernels run beside each other: before each step, how many of the other kind may still be under way.
// Facts: Vela's register_command_stream_util.py; the queues' depths as in hazards.ts.
import { queuedDmas, queuedKernels } from '../hazards.js';

/** Bytes of a region. */
export interface Span {
  region: number;
  start: number;
  end: number;
}

export interface Access {
  kind: 'dma' | 'kernel';
  reads: readonly Span[];
  writes: readonly Span[];
}

const touches = (a: readonly Span[], b: readonly Span[]): boolean =>
  a.some((x) => b.some((y) => x.region === y.region && x.start < y.end && y.start < x.end));

const conflict = (a: Access, b: Access): boolean =>
  touches(a.reads, b.writes) || touches(a.writes, b.writes) || touches(a.writes, b.reads);

/** For each step: how many steps of the other kind may be outstanding; undefined where it need not wait. */
export function waitsOf(steps: readonly Access[], product: keyof typeof queuedDmas): (number | undefined)[] {
  const limits = { dma: queuedDmas[product], kernel: queuedKernels };
  const outstanding: Record<Access['kind'], Access[]> = { dma: [], kernel: [] };
  return steps.map((step) => {
    const other = step.kind === 'dma' ? 'kernel' : 'dma';
    outstanding[step.kind] = [...outstanding[step.kind], step].slice(-limits[step.kind]);
    const others = outstanding[other];
    const latest = others.findLastIndex((o) => conflict(step, o));
    if (latest < 0) return undefined;
    outstanding[other] = others.slice(latest + 1);
    return outstanding[other].length;
  });
}
