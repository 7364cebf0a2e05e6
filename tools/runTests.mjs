// SPDX-License-Identifier: Apache-2.0
// Runs vitest and ends with one line `N passed, N failed`. In CI a skipped test is a failure.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mote-tests-'));
const file = join(folder, 'results.json');
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const args = [
  vitest,
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${file}`,
  ...process.argv.slice(2),
];
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });

let results;
try {
  results = JSON.parse(readFileSync(file, 'utf8'));
} catch {
  results = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, testResults: [] };
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const skipped = results.testResults
  .flatMap((f) => f.assertionResults)
  .filter((t) => t.status === 'skipped' || t.status === 'pending');
for (const test of skipped) console.log(`skipped: ${test.fullName}`);
// A file that could not be loaded has no test of its own in the count.
const brokenFiles = results.testResults.filter((f) => f.status === 'failed' && f.assertionResults.length === 0).length;
const failed = results.numFailedTests + brokenFiles;
const refused = process.env.CI && skipped.length > 0;
if (refused) console.log('in CI nothing may be skipped');
console.log(`${results.numPassedTests} passed, ${failed} failed${skipped.length ? `, ${skipped.length} skipped` : ''}`);
process.exit(status === 0 && !refused && results.numPassedTests > 0 ? 0 : status || 1);
