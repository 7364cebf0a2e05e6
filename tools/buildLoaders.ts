// SPDX-License-Identifier: Apache-2.0
// `npx tsx tools/buildLoaders.ts` compiles runtime-c/flash/ and writes runtime-c/flash/loaders.json.
import { writeFileSync } from 'node:fs';
import { buildLoaders } from '../src/flash/buildLoaders.js';
import { loaderPath } from '../src/flash/loaders.js';

writeFileSync(loaderPath, `${JSON.stringify(await buildLoaders(), null, 2)}\n`);
