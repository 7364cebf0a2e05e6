// SPDX-License-Identifier: Apache-2.0
// schemas/*.schema.json -> src/generated/<name>.ts (types only, never committed), so that a type cannot drift from its schema.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';

const root = new URL('..', import.meta.url);
const outputFolder = new URL('src/generated/', root);
await mkdir(outputFolder, { recursive: true });
for (const file of (await readdir(new URL('schemas/', root))).filter((f) => f.endsWith('.schema.json')).sort()) {
  const schema = JSON.parse(await readFile(new URL(`schemas/${file}`, root), 'utf8'));
  const name = file.slice(0, -'.schema.json'.length);
  const text = await compile(schema, schema.title, {
    bannerComment: `// Made from schemas/${file} by tools/generateTypes.mjs; do not edit.`,
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    style: { singleQuote: true },
  });
  const target = new URL(`${name}.ts`, outputFolder);
  const before = await readFile(target, 'utf8').catch(() => '');
  if (before !== text) await writeFile(target, text);
}
