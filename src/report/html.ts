// SPDX-License-Identifier: Apache-2.0
// The one-file report: no script, no network, readable in light and dark.
import { escapeXml } from './svg.js';

export interface Section {
  title: string;
  /** One sentence under the title. */
  note?: string;
  /** Safe HTML: made by the functions here and in svg.ts. */
  html: string;
}

const style = `
:root{--fg:#1c2024;--bg:#fcfcfd;--dim:#60646c;--line:#e0e1e6;--accent:#3e63dd;--good:#218358}
@media (prefers-color-scheme:dark){:root{--fg:#edeef0;--bg:#111113;--dim:#b0b4ba;--line:#2e3135;--accent:#849dff;--good:#3dd68c}}
*{box-sizing:border-box}body{margin:0 auto;max-width:980px;padding:32px 24px 64px;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}
h1{font-size:26px;margin:0}h2{font-size:18px;margin:40px 0 4px;border-top:1px solid var(--line);padding-top:24px}p{margin:4px 0 12px;color:var(--dim)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(145px,1fr));gap:12px;margin:24px 0}
.card{border:1px solid var(--line);border-radius:8px;padding:12px 14px}.card b{display:block;font-size:21px;font-variant-numeric:tabular-nums}.card span{color:var(--dim);font-size:13px}
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}th,td{text-align:right;padding:4px 8px;border-bottom:1px solid var(--line)}
th{color:var(--dim);font-weight:500}th.l,td.l{text-align:left}td{white-space:nowrap}
svg{width:100%;height:auto;font:12px system-ui,sans-serif}svg text{fill:var(--fg)}svg .dim{fill:var(--dim)}svg .inside{fill:#111;font-size:11px}svg .bar{fill:var(--accent)}svg .grid{stroke:var(--line)}
code{font-size:13px}.scroll{overflow-x:auto}`;

export interface Card {
  value: string;
  label: string;
}

export const cards = (list: readonly Card[]): string =>
  `<div class="cards">${list.map((c) => `<div class="card"><b>${escapeXml(c.value)}</b><span>${escapeXml(c.label)}</span></div>`).join('')}</div>`;

/** A table; columns named in `left` are left-aligned. */
export function htmlTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly number[],
): string {
  const cell = (tag: string) => (text: string, i: number) =>
    `<${tag}${left.includes(i) ? ' class="l"' : ''}>${escapeXml(text)}</${tag}>`;
  const body = rows.map((r) => `<tr>${r.map(cell('td')).join('')}</tr>`).join('\n');
  return `<div class="scroll"><table><thead><tr>${head.map(cell('th')).join('')}</tr></thead><tbody>${body}</tbody></table></div>`;
}

export function htmlPage(title: string, subtitle: string, intro: string, sections: readonly Section[]): string {
  const parts = sections.map(
    (s) => `<section><h2>${escapeXml(s.title)}</h2>${s.note ? `<p>${escapeXml(s.note)}</p>` : ''}${s.html}</section>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(title)}</title><style>${style}</style></head>
<body><h1>${escapeXml(title)}</h1><p>${escapeXml(subtitle)}</p>
${intro}
${parts.join('\n')}
</body></html>
`;
}
