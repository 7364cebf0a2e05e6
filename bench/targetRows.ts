// SPDX-License-Identifier: Apache-2.0
// A measured table in a target's file, the rest of the file as it was.

const line = (key: string, value: unknown): string =>
  `    ${JSON.stringify(key)}: ${JSON.stringify(value, null, 2).replaceAll('\n', '\n    ')}`;

/** The file's text with the member `name` set to `rows`; a new member comes before "fpu". */
export function withTargetRows(text: string, name: string, rows: Readonly<Record<string, unknown>>): string {
  const body = Object.keys(rows)
    .map((key) => line(key, rows[key]))
    .join(',\n');
  const member = `  "${name}": {\n${body}\n  }`;
  const start = text.indexOf(`  "${name}": {\n`);
  if (start < 0) return text.replace(/^ {2}"fpu"/m, `${member},\n  "fpu"`);
  const closed = '\n  }';
  return text.slice(0, start) + member + text.slice(text.indexOf(closed, start) + closed.length);
}
