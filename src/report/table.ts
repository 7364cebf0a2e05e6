// SPDX-License-Identifier: Apache-2.0
// Plain tables: right-aligned numbers, no boxes, fitted to a width.

export interface Column {
  title: string;
  align?: 'left' | 'right';
  /** Never clipped: names that are typed in again. */
  whole?: boolean;
}

/** A column of numbers. */
export const right = (title: string): Column => ({ title, align: 'right' });
/** A column of names. */
export const whole = (title: string): Column => ({ title, whole: true });

/** Median of a non-empty list. */
export const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1];

/** 5256436 -> `5 256 436` with narrow groups that every font has. */
export function grouped(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
}

export const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;
export const percent = (part: number, whole = 1): string => `${((100 * part) / whole).toFixed(1)}%`;

/** 4.2 -> `+4.2%` */
export const signedPercent = (value: number): string => `${value > 0 ? '+' : ''}${value.toFixed(1)}%`;

const clip = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`;

/** Lines of a table. Text columns are clipped, widest first, until a line fits `width`. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], width = 100): string[] {
  const widths = columns.map((c, i) => Math.max(c.title.length, ...rows.map((r) => (r[i] ?? '').length)));
  const gap = 2;
  for (;;) {
    const total = widths.reduce((a, b) => a + b + gap, -gap);
    if (total <= width) break;
    let widest = -1;
    columns.forEach((c, i) => {
      if (c.align !== 'right' && !c.whole && widths[i] > 8 && (widest < 0 || widths[i] > widths[widest])) widest = i;
    });
    if (widest < 0) break;
    widths[widest]--;
  }
  const line = (cells: readonly string[]): string =>
    columns
      .map((c, i) => {
        const cell = clip(cells[i] ?? '', widths[i]);
        return c.align === 'right' ? cell.padStart(widths[i]) : cell.padEnd(widths[i]);
      })
      .join(' '.repeat(gap))
      .trimEnd();
  return [line(columns.map((c) => c.title)), ...rows.map(line)];
}
