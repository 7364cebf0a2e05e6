// SPDX-License-Identifier: Apache-2.0
// Where the system shows its devices. Tests put a folder in the place of the root.
import { delimiter, join } from 'node:path';

export interface DeviceRoots {
  /** `/`, under which `dev`, `sys`, `proc` and `etc` are looked for. */
  root: string;
  platform: NodeJS.Platform;
  /** Folders that are drives, or hold drives, besides those that the system has mounted. */
  driveFolders: string[];
  /** node:fs/promises' own, unless a test runs as a user who may do everything. */
  access?: (path: string, mode: number) => Promise<void>;
}

/** MOTE_DRIVES names more folders in which drives are looked for. */
export function systemRoots(env: NodeJS.ProcessEnv = process.env): DeviceRoots {
  const extra = (env.MOTE_DRIVES ?? '').split(delimiter).filter((f) => f !== '');
  return { root: '/', platform: process.platform, driveFolders: [...extra, ...platformFolders(process.platform)] };
}

function platformFolders(platform: NodeJS.Platform): string[] {
  if (platform === 'darwin') return ['/Volumes'];
  if (platform === 'win32') return [...'DEFGHIJKLMNOPQRSTUVWXYZ'].map((letter) => `${letter}:\\`);
  return [];
}

export const under = (roots: DeviceRoots, ...parts: string[]): string => join(roots.root, ...parts);
