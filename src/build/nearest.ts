// SPDX-License-Identifier: Apache-2.0
// "did you mean": the known names that a mistyped one is closest to.

/** Edits (insert, delete, replace, one letter each) from a to b; Wagner and Fischer 1974. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}

/** At most two known names that are near enough to be meant, nearest first; a beginning of a name counts as near. */
export function nearest(word: string, known: readonly string[]): string[] {
  const typed = word.slice(0, 60).toLowerCase();
  const limit = Math.max(2, Math.ceil(typed.length / 3));
  return known
    .map((name) => ({ name, distance: typed.length > 2 && name.startsWith(typed) ? 0 : editDistance(typed, name) }))
    .filter((c) => c.distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 2)
    .map((c) => c.name);
}
