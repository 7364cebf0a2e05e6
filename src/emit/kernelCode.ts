// SPDX-License-Identifier: Apache-2.0
// The version of a kernel: what was counted with one version says nothing about another.
import { createHash } from 'node:crypto';
import { headerOf } from './model.js';
import { runtimeFiles } from './runtimeFiles.js';

const codeDigits = 12;

/** C without comments and with single spaces: what a reformatting leaves as it is. */
const bare = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replace(/\s+/g, ' ');

/** Hash of the kernel's C and of every header that it includes. The compiler and its flags are not in it. */
export function kernelCode(kernel: string): string {
  const hash = createHash('sha256');
  const files = runtimeFiles([kernel], [headerOf(kernel)]);
  for (const path of [...files.keys()].sort()) hash.update(`${path}\0${bare(files.get(path) as string)}\0`);
  return hash.digest('hex').slice(0, codeDigits);
}
