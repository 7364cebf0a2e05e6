// SPDX-License-Identifier: Apache-2.0
// The device suite on a real board: MOTE_TEST_PORT names its serial port (or tcp:, rfc2217://), MOTE_TEST_BOARD its id.
// The board is flashed once with the firmware of the digits model, then the suite runs on it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const missing = ['MOTE_TEST_PORT', 'MOTE_TEST_BOARD'].filter((name) => !process.env[name]);
if (missing.length > 0) {
  process.stderr.write(
    `test:device needs ${missing.join(' and ')}: MOTE_TEST_PORT=/dev/ttyACM0 MOTE_TEST_BOARD=nucleo-l4r5zi npm run test:device\n` +
      'mote devices lists ports, mote boards lists boards\n',
  );
  process.exit(2);
}
const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/device', '-t', 'board at'], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
});
process.exit(status ?? 1);
