// SPDX-License-Identifier: Apache-2.0
// The kernels that make a whole pack smallest: each costs its code once, however many nodes use it, and each node its
// constants in that kernel's layout. Exact, by branch and bound over which kernels are there at all.

export interface Option {
  kernel: string;
  /** Constants and parameters of this node under this kernel. */
  bytes: number;
  instructions: number;
}

interface Picks {
  bytes: number;
  instructions: number;
  /** Index of each node's option. */
  at: number[];
}

const less = (a: { bytes: number; instructions: number }, b: { bytes: number; instructions: number }): boolean =>
  a.bytes < b.bytes || (a.bytes === b.bytes && a.instructions < b.instructions);

/** Each node's smallest option among the allowed kernels, ties by instructions; undefined where a node has none. */
function pick(nodes: readonly (readonly Option[])[], allowed: (kernel: string) => boolean): Picks | undefined {
  const picks: Picks = { bytes: 0, instructions: 0, at: [] };
  for (const options of nodes) {
    let best = -1;
    for (const [i, option] of options.entries())
      if (allowed(option.kernel) && (best < 0 || less(option, options[best]))) best = i;
    if (best < 0) return undefined;
    picks.bytes += options[best].bytes;
    picks.instructions += options[best].instructions;
    picks.at.push(best);
  }
  return picks;
}

/** The index of each node's option. Fewest bytes, code included; then fewest instructions. */
export function smallestKernels(
  nodes: readonly (readonly Option[])[],
  codeBytes: (kernel: string) => number,
): number[] {
  const kernels = [...new Set(nodes.flatMap((options) => options.map((o) => o.kernel)))];
  // The largest first: leaving it out, or not, says most.
  const order = kernels.sort((a, b) => codeBytes(b) - codeBytes(a));
  const out = new Set<string>();
  let best: Picks | undefined;
  const visit = (depth: number, code: number): void => {
    // No set that goes on from here is smaller than the code so far and the constants with all kernels not left out.
    const bound = pick(nodes, (k) => !out.has(k));
    if (!bound || (best && code + bound.bytes > best.bytes)) return;
    if (depth === order.length) {
      const whole = { ...bound, bytes: code + bound.bytes };
      if (!best || less(whole, best)) best = whole;
      return;
    }
    const kernel = order[depth];
    out.add(kernel);
    visit(depth + 1, code);
    out.delete(kernel);
    visit(depth + 1, code + codeBytes(kernel));
  };
  visit(0, 0);
  if (!best) throw new Error('a node without a kernel');
  return best.at;
}
