// SPDX-License-Identifier: Apache-2.0
// Where zig keeps what it compiled: its own place (ZIG_GLOBAL_CACHE_DIR, else `zig` in the user's cache folder), or where
// that cannot be written (a container's user without a home) a folder of the temporary one that is this user's alone.
import { accessSync, constants, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

function canWrite(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A folder that somebody else could fill would be somebody else's code. */
function isMine(folder: string): boolean {
  const info = lstatSync(folder, { throwIfNoEntry: false });
  return info?.isDirectory() === true && info.uid === process.getuid?.() && (info.mode & 0o077) === 0;
}

/** What to add to zig's environment. */
export function zigCache(env: NodeJS.ProcessEnv, temporary: string): NodeJS.ProcessEnv {
  if (env.ZIG_GLOBAL_CACHE_DIR || process.platform === 'win32') return {};
  const caches = env.XDG_CACHE_HOME || (env.HOME && join(env.HOME, '.cache'));
  if (caches && canWrite(join(caches, 'zig'))) return {};
  const own = join(temporary, `mote-zig-${process.getuid?.() ?? 'user'}`);
  try {
    mkdirSync(own, { mode: 0o700 });
  } catch {
    // There already, or zig says what is wrong.
  }
  return isMine(own) ? { ZIG_GLOBAL_CACHE_DIR: own } : {};
}
