// SPDX-License-Identifier: Apache-2.0
// Current over time as a band from the lowest to the highest sample of each stretch, so that no spike is lost.

export interface CurrentPicture {
  secondsPerPoint: number;
  lowA: readonly number[];
  highA: readonly number[];
}

const size = { width: 920, height: 240, left: 70, bottom: 36, top: 10 };

/** 1, 2 or 5 times a power of ten that is at least `value`. */
function niceCeil(value: number): number {
  if (!(value > 0)) return 1;
  const decade = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((m) => m * decade >= value * (1 - 1e-9)) ?? 10) * decade;
}

export function currentChart({ secondsPerPoint, lowA, highA }: CurrentPicture): string {
  const plotWidth = size.width - size.left;
  const plotHeight = size.height - size.top - size.bottom;
  const top = niceCeil(Math.max(...highA, 0));
  const y = (a: number) => size.top + plotHeight * (1 - Math.min(1, Math.max(0, a / top)));
  const x = (i: number) => size.left + (i / Math.max(1, highA.length - 1)) * plotWidth;
  const upper = highA.map((a, i) => `${x(i).toFixed(1)},${(y(a) - 0.5).toFixed(1)}`);
  const lower = lowA.map((a, i) => `${x(i).toFixed(1)},${(y(a) + 0.5).toFixed(1)}`).reverse();
  const seconds = secondsPerPoint * highA.length;
  const yTicks = [0, 0.25, 0.5, 0.75, 1].map(
    (f) =>
      `<line x1="${size.left}" x2="${size.width}" y1="${y(f * top).toFixed(1)}" y2="${y(f * top).toFixed(1)}" class="grid"/><text x="${size.left - 8}" y="${(y(f * top) + 4).toFixed(1)}" text-anchor="end" class="dim">${Number((f * top * 1000).toPrecision(3))} mA</text>`,
  );
  const xTicks = [0, 0.25, 0.5, 0.75, 1].map(
    (f) =>
      `<text x="${(size.left + f * plotWidth).toFixed(1)}" y="${size.height - 12}" text-anchor="${f === 1 ? 'end' : 'middle'}" class="dim">${Number((f * seconds).toPrecision(3))} s</text>`,
  );
  return `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="current over time">${yTicks.join('')}<polygon points="${[...upper, ...lower].join(' ')}" class="bar"/>${xTicks.join('')}</svg>`;
}
