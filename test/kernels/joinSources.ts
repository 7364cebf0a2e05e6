// SPDX-License-Identifier: Apache-2.0
// Fewer files to compile: a program's kernels in as few translation units as the names that they keep to themselves allow.
// Starting a compiler takes longer than compiling a reference kernel.
import type { PackOutput } from '../../src/emit/pack.js';

const isKernel = (path: string): boolean => /__ref\.c$/.test(path);

/** What a file defines for itself: static functions and arrays, macros. */
function ownNames(text: string): string[] {
  const statics = text.match(/^static [^;{=]*/gm) ?? [];
  const macros = text.match(/^#define \w+/gm) ?? [];
  return [
    ...statics.map((line) => /(\w+)\s*(?:\(|\[|$)/.exec(line.trim())?.[1] ?? line),
    ...macros.map((line) => line.slice('#define '.length)),
  ];
}

interface Unit {
  names: Set<string>;
  sources: string[];
}

/** Sources that may stand in one translation unit; `textOf` reads one. */
export function unitsOf(sources: readonly string[], textOf: (source: string) => string): string[][] {
  const units: Unit[] = [];
  for (const source of sources) {
    const names = ownNames(textOf(source));
    const open = units.find((u) => names.every((name) => !u.names.has(name)));
    const unit = open ?? { names: new Set(), sources: [] };
    if (!open) units.push(unit);
    for (const name of names) unit.names.add(name);
    unit.sources.push(source);
  }
  return units.map((u) => u.sources);
}

export const unitText = (sources: readonly string[]): string => sources.map((s) => `#include "${s}"\n`).join('');

export function joinSources({ manifest, files }: PackOutput): PackOutput {
  const units = unitsOf(manifest.files.sources.filter(isKernel), (source) => String(files.get(source)));
  const joined = new Map(files);
  const paths = units.map((sources, i) => {
    const path = `joined_${i}.c`;
    joined.set(path, unitText(sources));
    return path;
  });
  const sources = [...manifest.files.sources.filter((s) => !isKernel(s)), ...paths];
  const changed = { ...manifest, files: { ...manifest.files, sources } };
  joined.set('pack.json', JSON.stringify(changed));
  return { manifest: changed, files: joined };
}
