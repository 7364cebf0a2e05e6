// SPDX-License-Identifier: Apache-2.0
// node --import tsx test/oracle/writeHeads.ts FOLDER: the reference models without their last softmax, for record_logits.py.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeTfliteGraph } from '../../src/model/tflite/writeGraph.js';
import { headOf, npuModels, referenceModel } from '../support/ethosModels.js';

const folder = process.argv[2];
if (!folder) throw new Error('name a folder');
await mkdir(folder, { recursive: true });
for (const name of npuModels)
  await writeFile(join(folder, `${name}.tflite`), writeTfliteGraph(headOf(referenceModel(name).graph)));
