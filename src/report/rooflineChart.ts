// SPDX-License-Identifier: Apache-2.0
// Layers under the roof: MACs a count over MACs a byte, both logarithmic (Williams, Waterman, Patterson 2009).
import type { Roof } from '../measure/roofline.js';
import { escapeXml } from './svg.js';

export interface RooflinePoint {
  name: string;
  macs: number;
  bytes: number;
  count: number;
}

const size = { width: 920, height: 360, left: 70, bottom: 44, top: 12, right: 16 };

/** Decades that hold all values. */
function decades(values: readonly number[]): { low: number; high: number } {
  const logs = values.map(Math.log10);
  return {
    low: Math.floor(Math.min(...logs)),
    high: Math.max(Math.floor(Math.min(...logs)) + 1, Math.ceil(Math.max(...logs))),
  };
}

export function rooflineChart(points: readonly RooflinePoint[], roof: Roof, unit: string): string {
  const shown = points.filter((p) => p.macs > 0 && p.bytes > 0 && p.count > 0);
  if (shown.length === 0 || roof.macsPerCount <= 0 || roof.bytesPerCount <= 0)
    return '<p>No layer with multiplications.</p>';
  const xs = decades([...shown.map((p) => p.macs / p.bytes), roof.macsPerCount / roof.bytesPerCount]);
  const ys = decades([...shown.map((p) => p.macs / p.count), roof.macsPerCount]);
  const plot = { w: size.width - size.left - size.right, h: size.height - size.top - size.bottom };
  const x = (v: number) => size.left + ((Math.log10(v) - xs.low) / (xs.high - xs.low)) * plot.w;
  const y = (v: number) => size.top + plot.h - ((Math.log10(v) - ys.low) / (ys.high - ys.low)) * plot.h;
  const grid = [
    ...ticks(xs).map(
      (v) =>
        `<line x1="${x(v).toFixed(1)}" x2="${x(v).toFixed(1)}" y1="${size.top}" y2="${size.top + plot.h}" class="grid"/><text x="${x(v).toFixed(1)}" y="${size.height - 24}" text-anchor="middle" class="dim">${v}</text>`,
    ),
    ...ticks(ys).map(
      (v) =>
        `<line x1="${size.left}" x2="${size.width - size.right}" y1="${y(v).toFixed(1)}" y2="${y(v).toFixed(1)}" class="grid"/><text x="${size.left - 8}" y="${(y(v) + 4).toFixed(1)}" text-anchor="end" class="dim">${v}</text>`,
    ),
  ];
  const ridge = roof.macsPerCount / roof.bytesPerCount;
  const leftX = 10 ** xs.low;
  const leftY = Math.max(10 ** ys.low, leftX * roof.bytesPerCount);
  const line = [
    [leftY / roof.bytesPerCount, leftY],
    [ridge, roof.macsPerCount],
    [10 ** xs.high, roof.macsPerCount],
  ].map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`);
  const dots = shown.map((p) => {
    const text = `${p.name}: ${(p.macs / p.count).toFixed(3)} MAC per ${unit}, ${(p.macs / p.bytes).toFixed(2)} MAC per byte`;
    return `<circle cx="${x(p.macs / p.bytes).toFixed(1)}" cy="${y(p.macs / p.count).toFixed(1)}" r="5" class="bar"><title>${escapeXml(text)}</title></circle><text x="${(x(p.macs / p.bytes) + 8).toFixed(1)}" y="${(y(p.macs / p.count) + 16).toFixed(1)}" class="dim">${escapeXml(p.name)}</text>`;
  });
  return `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="roofline">${grid.join('')}<polyline points="${line.join(' ')}" fill="none" stroke="currentColor" stroke-width="1.5"/>${dots.join('')}<text x="${size.left + plot.w / 2}" y="${size.height - 6}" text-anchor="middle" class="dim">MAC per byte moved at least once</text><text transform="translate(14 ${size.top + plot.h / 2}) rotate(-90)" text-anchor="middle" class="dim">MAC per ${escapeXml(unit)}</text></svg>`;
}

const ticks = ({ low, high }: { low: number; high: number }): number[] =>
  Array.from({ length: high - low + 1 }, (_, i) => Number((10 ** (low + i)).toPrecision(1)));
