// SPDX-License-Identifier: Apache-2.0
// Names of nodes: from the file where it has them, never twice.

const maxNameLength = 200;

/** A function that returns the wanted name, or with `_2`, `_3` … where it was given before. */
export function uniqueNames(): (wanted: string) => string {
  const counts = new Map<string, number>();
  return (wanted) => {
    let name = wanted.slice(0, maxNameLength);
    while (counts.has(name)) {
      const count = (counts.get(name) ?? 1) + 1;
      counts.set(name, count);
      name = `${name}_${count}`;
    }
    counts.set(name, 1);
    return name;
  };
}
