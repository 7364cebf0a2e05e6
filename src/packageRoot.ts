// SPDX-License-Identifier: Apache-2.0
// Where the data files (targets/, boards/, runtime-c/, schemas/, models/) lie: src/ and dist/ are both one level below.
import { fileURLToPath } from 'node:url';

export const packageRoot: string = fileURLToPath(new URL('..', import.meta.url));
