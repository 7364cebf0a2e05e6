// SPDX-License-Identifier: Apache-2.0
// JSON in, checked value out: ajv on the schemas of schemas/, one sentence on failure.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { fail } from './cli/errors.js';
import type { Board } from './generated/board.js';
import type { CostFile } from './generated/costs.js';
import type { NpuTarget } from './generated/npuTarget.js';
import type { PackManifest } from './generated/pack.js';
import type { Recipe } from './generated/recipe.js';
import type { RunRecord } from './generated/run.js';
import type { Target } from './generated/target.js';
import { packageRoot } from './packageRoot.js';

interface Kinds {
  board: Board;
  target: Target;
  npuTarget: NpuTarget;
  pack: PackManifest;
  recipe: Recipe;
  run: RunRecord;
  costs: CostFile;
}

const words: Record<keyof Kinds, string> = {
  board: 'board',
  target: 'target',
  npuTarget: 'target with an NPU',
  pack: 'pack manifest',
  recipe: 'recipe',
  run: 'run record',
  costs: 'cost file',
};

/** Parses and validates; `path` is for the message. */
export function parseJson<K extends keyof Kinds>(kind: K, text: string, path: string): Kinds[K] {
  const refuse = (reason: string): never => fail('json.broken', { path, kind: words[kind], reason });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : 'not JSON');
  }
  const ajv = new Ajv2020({ strict: false, discriminator: true });
  const validate = ajv.compile<Kinds[K]>(
    JSON.parse(readFileSync(join(packageRoot, 'schemas', `${kind}.schema.json`), 'utf8')),
  );
  if (validate(value)) return value;
  const first = validate.errors?.[0];
  return refuse(`${first?.instancePath || '/'} ${first?.message ?? 'is wrong'}`);
}
