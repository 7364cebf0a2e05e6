// SPDX-License-Identifier: Apache-2.0
// npx tsx test/oracle/writeInt16.ts DIR: writes the int16 test model (one file per judged output) and its inputs, for
// test/oracle/record_int16.py.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { int16Inputs, int16Model, int16Outputs } from '../support/int16Model.js';

const folder = process.argv[2];
for (const output of int16Outputs) writeFileSync(join(folder, `int16_${output}.tflite`), int16Model(output));
writeFileSync(join(folder, 'int16.in'), Buffer.concat(int16Inputs().map((x) => Buffer.from(x.buffer))));
