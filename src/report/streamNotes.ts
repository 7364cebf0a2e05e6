// SPDX-License-Identifier: Apache-2.0
// What `--prefer ram` did to a model, a sentence each.
import type { PackManifest } from '../generated/pack.js';
import type { Trade } from '../plan/plan.js';
import { grouped, percent } from './table.js';

/** `12 % more`, `1 % fewer`, `as many`. */
function change(now: number, before: number): string {
  const difference = Math.abs(now - before);
  if (before === 0 || difference / before < 0.005) return 'about as many';
  return `about ${percent(difference, before)} ${now > before ? 'more' : 'fewer'}`;
}

export function streamNotes(manifest: PackManifest, trade: Trade | undefined): string[] {
  if (!trade) return [];
  // An NPU's compiler has seen to its own part.
  if (manifest.npu && trade.usualArenaBytes === manifest.arenaBytes) return [];
  const streamed = manifest.layers.flatMap(({ index, streamed, bands }) => {
    if (!streamed || !bands) return [];
    const [first, last] = [streamed[0].name, streamed[streamed.length - 1].name];
    const what = streamed.length === 1 ? first : `${streamed.length} layers, ${first} to ${last}`;
    return [`layer ${index} runs in ${bands} bands of rows: ${what}; no row is computed twice`];
  });
  const arena = `arena ${grouped(manifest.arenaBytes)} bytes instead of ${grouped(trade.usualArenaBytes)}`;
  return [...streamed, `${arena}, for ${change(trade.instructions, trade.usualInstructions)} instructions (predicted)`];
}
