// SPDX-License-Identifier: Apache-2.0
// `npm run conformance -- FOLDER [--json FILE] [--shrink]`: how many of a folder's ONNX backend tests mote passes.
// --shrink takes what passes now off test/conformance/known.json.
import { renameSync, statSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { knownFile, readKnown } from '../test/conformance/known.js';
import { type CaseResult, runFolder } from '../test/conformance/run.js';

const usage = 'usage: npm run conformance -- FOLDER [--json FILE] [--shrink]';

const options = { json: { type: 'string' }, shrink: { type: 'boolean' } } as const;

function shrinkKnown(cases: readonly CaseResult[]): void {
  const failing = new Set(cases.filter((c) => c.result === 'failed').map((c) => c.name));
  const rest = Object.entries(readKnown()).filter(([name]) => failing.has(name));
  writeFileSync(knownFile, `${JSON.stringify(Object.fromEntries(rest), null, 2)}\n`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  const [folder] = positionals;
  if (positionals.length !== 1 || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  const data = await runFolder(folder);
  for (const { name, reason, result } of data.cases)
    if (result === 'failed') process.stdout.write(`failed  ${name}: ${reason}\n`);
  const { passed, failed, outOfScope } = data;
  const share = passed + failed === 0 ? 0 : (100 * passed) / (passed + failed);
  process.stdout.write(
    `${passed} passed, ${failed} failed, ${outOfScope} out of scope: ${share.toFixed(1)} % of those in scope\n`,
  );
  if (values.json !== undefined) {
    writeFileSync(`${values.json}.part`, `${JSON.stringify({ data }, null, 2)}\n`);
    renameSync(`${values.json}.part`, values.json);
  }
  if (values.shrink) shrinkKnown(data.cases);
  return 0;
}

process.exitCode = await main();
