// SPDX-License-Identifier: Apache-2.0
// Charts as SVG strings: pure functions, no script, colours from the page's CSS variables.

export const escapeXml = (text: string): string =>
  text.replace(
    /[&<>"']/g,
    (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c] as string,
  );

export interface Bar {
  label: string;
  value: number;
  /** Text at the end of the bar. */
  text: string;
}

const rowHeight = 22;
const labelWidth = 210;
const chartWidth = 920;

/** Horizontal bars, one row each. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const longest = Math.max(...bars.map((b) => b.value), 1);
  const space = chartWidth - labelWidth - 190;
  const rows = bars.map((b, i) => {
    const y = i * rowHeight;
    const width = Math.max(1, (b.value / longest) * space).toFixed(1);
    return `<text x="${labelWidth - 8}" y="${y + 15}" text-anchor="end">${escapeXml(b.label)}</text>
<rect x="${labelWidth}" y="${y + 3}" width="${width}" height="${rowHeight - 6}" rx="2" class="bar"><title>${escapeXml(`${b.label}: ${b.text}`)}</title></rect>
<text x="${labelWidth + Number(width) + 6}" y="${y + 15}" class="dim">${escapeXml(b.text)}</text>`;
  });
  return `<svg viewBox="0 0 ${chartWidth} ${bars.length * rowHeight + 4}" role="img" aria-label="${escapeXml(title)}">${rows.join('\n')}</svg>`;
}

export interface ArenaBlock {
  name: string;
  bytes: number;
  offset: number;
  first: number;
  last: number;
}

const arenaHeight = 300;
const axisWidth = 70;

/** The arena over time: one column per layer, bytes upwards from 0. */
export function arenaChart(blocks: readonly ArenaBlock[], layers: readonly string[], arenaBytes: number): string {
  const columns = layers.length + 1;
  const columnWidth = (chartWidth - axisWidth) / columns;
  const y = (bytes: number): number => arenaHeight - (bytes / Math.max(1, arenaBytes)) * arenaHeight;
  const rects = blocks.map((b, i) => {
    const x = axisWidth + b.first * columnWidth;
    const width = (b.last - b.first + 1) * columnWidth - 1.5;
    const top = y(b.offset + b.bytes);
    const height = Math.max(1, y(b.offset) - top);
    const hue = (i * 47) % 360;
    const label =
      height > 13 && width > 40
        ? `<text x="${(x + 4).toFixed(1)}" y="${(top + 12).toFixed(1)}" class="inside">${escapeXml(String(b.bytes))}</text>`
        : '';
    return `<rect x="${x.toFixed(1)}" y="${top.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}" rx="2" style="fill:hsl(${hue} 55% 62%);fill-opacity:.82"><title>${escapeXml(`${b.name}: ${b.bytes} bytes at ${b.offset}`)}</title></rect>${label}`;
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((f) => {
    const bytes = Math.round(arenaBytes * f);
    return `<text x="${axisWidth - 8}" y="${(y(bytes) + (f === 1 ? 10 : 4)).toFixed(1)}" text-anchor="end" class="dim">${bytes}</text><line x1="${axisWidth}" x2="${chartWidth}" y1="${y(bytes).toFixed(1)}" y2="${y(bytes).toFixed(1)}" class="grid"/>`;
  });
  const names = layers.map((name, i) => {
    const x = axisWidth + (i + 0.5) * columnWidth;
    return `<text transform="translate(${x.toFixed(1)} ${arenaHeight + 12}) rotate(38)" class="dim">${escapeXml(name)}</text>`;
  });
  return `<svg viewBox="0 0 ${chartWidth} ${arenaHeight + 120}" role="img" aria-label="arena over time">${ticks.join('')}${rects.join('\n')}${names.join('')}</svg>`;
}
