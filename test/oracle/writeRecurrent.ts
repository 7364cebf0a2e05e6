// SPDX-License-Identifier: Apache-2.0
// npx tsx test/oracle/writeRecurrent.ts DIR: writes the recurrent test models and their inputs, for
// test/oracle/record_recurrent.py.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesOf } from '../../src/model/tensorData.js';
import { recurrentInputs, recurrentModels } from '../support/recurrentModels.js';
import { sharedFile } from '../support/shared.js';

const folder = process.argv[2];
for (const model of recurrentModels) {
  writeFileSync(join(folder, `${model.name}.tflite`), model.bytes?.() ?? sharedFile(model.file as string));
  writeFileSync(join(folder, `${model.name}.in`), Buffer.concat(recurrentInputs(model).map(bytesOf)));
}
