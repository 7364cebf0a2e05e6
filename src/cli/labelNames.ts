// SPDX-License-Identifier: Apache-2.0
// The names that a model gives its answers, for outputs whose numbers stand for texts.
import type { PackManifest } from '../generated/pack.js';
import type { TensorData } from '../model/graph.js';

const maxShown = 12;
const maxNameLength = 40;

/** Names may come from hostile files. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is removed
const shown = (name: string): string => name.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, maxNameLength);

/** By output, then by sample: what each number of it stands for. Undefined where no output has names. */
export function namesOf(
  manifest: PackManifest,
  outputs: readonly (readonly TensorData[])[],
): Record<string, string[][]> | undefined {
  const named = manifest.outputs.flatMap(({ name, labels }, i) => (labels ? [{ name, labels, i }] : []));
  if (named.length === 0) return undefined;
  return Object.fromEntries(
    named.map(({ name, labels, i }) => [
      name,
      outputs.map((sample) => Array.from(sample[i] as Int32Array, (v) => labels[Number(v)] ?? String(v))),
    ]),
  );
}

export function nameLines(names: Record<string, string[][]> | undefined): string[] {
  return Object.entries(names ?? {}).map(([output, samples]) => {
    const few = samples.slice(0, maxShown).map((list) => list.slice(0, maxShown).map(shown).join(' '));
    const rest = samples.length - few.length;
    return `labels  ${shown(output)}: ${few.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  });
}
