// SPDX-License-Identifier: Apache-2.0
// Vela's estimates: the columns of its two CSV files, by their titles.

/** Rows as title -> field; fields in quotes may hold commas. */
export function readCsv(text: string): Map<string, string>[] {
  const lines = text.split(/\r?\n/).filter((l) => l.trim() !== '');
  const fields = (line: string): string[] =>
    [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((m) => m[1]?.replaceAll('""', '"') ?? m[2] ?? '');
  const [head = [], ...rows] = lines.map(fields);
  return rows.map((row) => new Map(head.map((title, i) => [title.trim(), row[i] ?? ''])));
}

const count = (text: string | undefined): number | undefined => {
  const value = Number(text);
  return text !== undefined && text.trim() !== '' && Number.isFinite(value) ? Math.round(value) : undefined;
};

/** Cycles of one inference, from the summary. */
export const totalCycles = (summary: string): number | undefined => count(readCsv(summary)[0]?.get('cycles_total'));

/** Name and cycles of each operation, from the file per layer. */
export const layerCycles = (perLayer: string): { name: string; cycles: number }[] =>
  readCsv(perLayer).flatMap((row) => {
    const cycles = count(row.get('Op Cycles'));
    return cycles === undefined ? [] : [{ name: row.get('Name') ?? '', cycles }];
  });
