// SPDX-License-Identifier: Apache-2.0
// Float against packed, for the terminal and as a page.
import type { LayerHistogram } from '../compress/weightHistograms.js';
import type { PackManifest } from '../generated/pack.js';
import type { PackTrust } from '../packTrust.js';
import type { Trust } from '../trust.js';
import { cards, htmlPage, htmlTable, type Section } from './html.js';
import { escapeXml } from './svg.js';
import { percent, right, table } from './table.js';

const classHead = ['class', 'samples', 'float', 'packed', 'changed'];

/** Classes that have samples. */
const classRows = ({ perClass }: Trust): string[][] =>
  perClass
    .filter((c) => c.count > 0)
    .map((c) => [
      String(c.class),
      String(c.count),
      percent(c.float, c.count),
      percent(c.packed, c.count),
      String(c.changed),
    ]);

const noise = (snrDb: number | null): string => (snrDb === null ? 'no noise' : snrDb.toFixed(1));

function flipText({ changed, samples, labelled, toRight, toWrong, otherwise }: Trust): string {
  const all = `${changed} of ${samples} answers changed (${percent(changed, samples)})`;
  return labelled ? `${all}: ${toWrong} to wrong, ${toRight} to right, ${otherwise} between wrong ones` : all;
}

function worstText({ worst }: Trust): string {
  if (!worst) return 'no class loses';
  return `class ${worst.class}: ${percent(worst.float, worst.count)} to ${percent(worst.packed, worst.count)} of ${worst.count}`;
}

/** The whole in three lines. */
export const trustSummary = (trust: Trust): string[] => [
  trust.labelled
    ? `float   top-1 ${percent(trust.float)}, packed ${percent(trust.packed)}`
    : `float   agrees with packed on ${percent(trust.packed)} of ${trust.samples} samples (no labels)`,
  `flips   ${flipText(trust)}`,
  `worst   ${worstText(trust)}`,
];

export const trustLines = (trust: Trust, width: number): string[] => [
  ...table(classHead.map(right), classRows(trust), width),
  '',
  ...table(
    [{ title: 'layer' }, right('output dB')],
    trust.layers.map((l) => [l.name, noise(l.snrDb)]),
    width,
  ),
  '',
  ...trustSummary(trust),
];

const [chartWidth, chartHeight] = [200, 56];

/** Two histograms in one small picture: before as an outline, after as bars. */
function histogramChart({ name, format, reach, before, after }: LayerHistogram): string {
  const tallest = Math.max(...before, ...after, 1);
  const step = chartWidth / before.length;
  const y = (count: number): string => (chartHeight * (1 - count / tallest)).toFixed(1);
  const bars = after.map((count, i) => {
    const top = y(count);
    const height = (chartHeight - Number(top)).toFixed(1);
    return `<rect x="${(i * step).toFixed(1)}" y="${top}" width="${(step - 1).toFixed(1)}" height="${height}" class="bar" fill-opacity=".55"/>`;
  });
  const outline = before.map((c, i) => `${(i * step).toFixed(1)},${y(c)} ${((i + 1) * step).toFixed(1)},${y(c)}`);
  const label = `${name}, ${format}, -${reach.toPrecision(3)} to ${reach.toPrecision(3)}`;
  return `<figure style="margin:0"><svg viewBox="0 0 ${chartWidth} ${chartHeight}" role="img" aria-label="${escapeXml(`weights of ${label}`)}"><title>${escapeXml(label)}</title>${bars.join('')}<polyline points="${outline.join(' ')}" fill="none" stroke="currentColor"/></svg><figcaption style="font-size:12px;overflow-wrap:anywhere">${escapeXml(label)}</figcaption></figure>`;
}

/** Sections that any report of a model made by mote's quantizer can take. */
export function trustSections({ trust, histograms: { layers } }: PackTrust): Section[] {
  const truth = trust.labelled ? 'right answers' : "float's answers (no labels)";
  return [
    {
      title: 'Float against packed',
      note: `Share of ${truth} by class. ${flipText(trust)}. Worst: ${worstText(trust)}.`,
      html: htmlTable(classHead, classRows(trust), []),
    },
    {
      title: 'Noise per layer',
      note: `Output signal over noise against float, in dB, over ${trust.layerSamples} samples; scalings of channels are taken out.`,
      html: htmlTable(
        ['layer', 'dB'],
        trust.layers.map((l) => [l.name, noise(l.snrDb)]),
        [0],
      ),
    },
    {
      title: 'Weights before and after',
      note: 'Line: float. Bars: packed.',
      html: `<div style="display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:16px">${layers.map(histogramChart).join('\n')}</div>`,
    },
  ];
}

/** The page as one string; same input, same bytes. */
export function trustPage(manifest: PackManifest, against: PackTrust): string {
  const { trust } = against;
  const least = trust.layers.at(-1);
  const intro = cards([
    {
      value: percent(trust.float),
      label: trust.labelled ? `float, top-1 of ${trust.samples}` : 'float (its own answers)',
    },
    { value: percent(trust.packed), label: trust.labelled ? 'packed, top-1' : `packed agrees, of ${trust.samples}` },
    { value: percent(trust.changed, trust.samples), label: 'answers changed' },
    ...(least ? [{ value: noise(least.snrDb), label: `dB behind ${least.name}` }] : []),
  ]);
  const subtitle = `${manifest.model.file}, ${manifest.arithmetic}, ${manifest.rounding} rounding. Pack ${manifest.hash.slice(0, 16)}.`;
  return htmlPage(`mote: ${manifest.name}, float against packed`, subtitle, intro, trustSections(against));
}
