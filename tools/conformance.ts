// SPDX-License-Identifier: Apache-2.0
// `npm run conformance -- FOLDER [--quantized [--activations int16]] [--json FILE] [--shrink]`: how many of a folder's
// ONNX backend tests mote passes in float, or (--quantized) in int8 or int16 with 20 dB. --shrink takes what passes now off the list of known failures.
import { renameSync, statSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { ActivationType } from '../src/passes/integerOperands.js';
import { knownFile, knownQuantizedFiles, readKnown } from '../test/conformance/known.js';
import { isMissing, type QuantizedResult, runQuantized } from '../test/conformance/quantized.js';
import { type CaseResult, runFolder } from '../test/conformance/run.js';

const usage = 'usage: npm run conformance -- FOLDER [--quantized [--activations int8|int16]] [--json FILE] [--shrink]';

const options = {
  json: { type: 'string' },
  quantized: { type: 'boolean' },
  activations: { type: 'string', default: 'int8' },
  shrink: { type: 'boolean' },
} as const;

function shrinkKnown(file: string, missing: readonly { name: string }[]): void {
  const names = new Set(missing.map((c) => c.name));
  const rest = Object.entries(readKnown(file)).filter(([name]) => names.has(name));
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(rest), null, 2)}\n`);
}

const percent = (part: number, rest: number): string =>
  `${(part + rest === 0 ? 0 : (100 * part) / (part + rest)).toFixed(1)} %`;

interface Outcome {
  data: object;
  missing: readonly (CaseResult | QuantizedResult)[];
  summary: string;
  known: string;
}

async function inFloat(folder: string): Promise<Outcome> {
  const data = await runFolder(folder);
  const { passed, failed, outOfScope } = data;
  const counts = `${passed} passed, ${failed} failed, ${outOfScope} out of scope`;
  const summary = `${counts}: ${percent(passed, failed)} of those in scope`;
  return { data, missing: data.cases.filter((c) => c.result === 'failed'), summary, known: knownFile };
}

async function quantized(folder: string, type: ActivationType): Promise<Outcome> {
  const data = await runQuantized(folder, type);
  const { passed, failed, float, outOfScope } = data;
  const counts = `${passed} passed, ${failed} failed, ${float} only in float, ${outOfScope} out of scope`;
  const summary = `${counts}: ${percent(passed, failed + float)} of those in scope`;
  return { data, missing: data.cases.filter(isMissing), summary, known: knownQuantizedFiles[type] };
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  const [folder] = positionals;
  const type = values.activations;
  const activations = type === 'int8' || type === 'int16' ? type : undefined;
  if (!activations || positionals.length !== 1 || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  const { data, missing, summary, known } = await (values.quantized ? quantized(folder, activations) : inFloat(folder));
  for (const { name, reason, result } of missing) process.stdout.write(`${result.padEnd(6)}  ${name}: ${reason}\n`);
  process.stdout.write(`${summary}\n`);
  if (values.json !== undefined) {
    writeFileSync(`${values.json}.part`, `${JSON.stringify({ data }, null, 2)}\n`);
    renameSync(`${values.json}.part`, values.json);
  }
  if (values.shrink) shrinkKnown(known, missing);
  return 0;
}

process.exitCode = await main();
