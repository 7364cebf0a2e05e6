// SPDX-License-Identifier: Apache-2.0
// Where each map lies in the KPU's 32,768 rows: maps that one layer reads as one lie one behind the other, what is read
// later is not overwritten, and the rest goes to the lowest free rows.
import { fail } from '../../../cli/errors.js';
import { kpuRamBytes, kpuRowBytes, kpuRows, mapRows } from '../kpuMemory.js';
import type { KpuProgram, MapId } from './kpuLayer.js';

interface Block {
  maps: MapId[];
  rows: number;
  /** Layers at which it is alive, both included; -1 is before the first. */
  first: number;
  last: number;
  row: number;
}

/** Maps that are no part of another, with those that must lie behind them. */
function blocksOf({ maps, layers, inputs }: KpuProgram): Block[] {
  const partners = new Set(maps.flatMap((m) => m.parts ?? []));
  const joined = maps.flatMap(({ parts }) => (parts ? [[...parts]] : []));
  const single = maps.flatMap(({ parts }, id) => (parts || partners.has(id) ? [] : [[id]]));
  return [...joined, ...single].map((ids) => {
    const readBy = (id: MapId): boolean =>
      ids.includes(id) || (maps[id].parts?.some((part) => ids.includes(part)) ?? false);
    const writes = layers.flatMap((l, i) => (ids.includes(l.target) ? [i] : []));
    const reads = layers.flatMap((l, i) => (readBy(l.source) ? [i] : []));
    return {
      maps: ids,
      rows: ids.reduce((sum, id) => sum + mapRows(maps[id].shape), 0),
      first: ids.some((id) => inputs.includes(id)) ? -1 : Math.min(...writes),
      last: Math.max(...writes, ...reads, -1),
      row: 0,
    };
  });
}

/** The lowest row with room between the blocks that live at the same time. */
function lowestRow(block: Block, placed: readonly Block[]): number {
  const others = placed.filter((b) => b.first <= block.last && block.first <= b.last).sort((a, b) => a.row - b.row);
  let row = 0;
  for (const other of others) {
    if (row + block.rows <= other.row) break;
    row = Math.max(row, other.row + other.rows);
  }
  return row;
}

/** A map that does not fit, and where it would end. */
export interface Overflow {
  map: MapId;
  bytes: number;
}

/** First row of each map. */
export function placedMaps(program: KpuProgram): number[] | Overflow {
  const blocks = blocksOf(program).sort((a, b) => b.rows - a.rows || a.first - b.first);
  const placed: Block[] = [];
  for (const block of blocks) {
    block.row = lowestRow(block, placed);
    placed.push(block);
    const end = block.row + block.rows;
    if (end > kpuRows) return { map: block.maps[0], bytes: end * kpuRowBytes };
  }
  const rowOf = new Array<number>(program.maps.length).fill(0);
  for (const { maps, row } of placed) {
    let at = row;
    for (const id of maps) {
      rowOf[id] = at;
      at += mapRows(program.maps[id].shape);
    }
  }
  for (const [id, { parts }] of program.maps.entries()) if (parts) rowOf[id] = rowOf[parts[0]];
  return rowOf;
}

/** First row of each map; `npu.memory` where they do not fit. */
export function placeMaps(program: KpuProgram): number[] {
  const rows = placedMaps(program);
  if (Array.isArray(rows)) return rows;
  const { name, shape } = program.maps[rows.map];
  return fail('npu.memory', {
    what: `'${name}' (${shape.width}x${shape.height}x${shape.channels})`,
    bytes: rows.bytes,
    limit: kpuRamBytes,
  });
}

/** What a layer needs: its own maps, and all that live while it runs. */
export interface LayerNeed {
  layer: number;
  ownBytes: number;
  bytes: number;
}

/** The layer while which the most lives. */
export function fullestLayer(program: KpuProgram): LayerNeed {
  const blocks = blocksOf(program);
  const bytesOf = (list: readonly Block[]): number => list.reduce((sum, b) => sum + b.rows * kpuRowBytes, 0);
  const needs = program.layers.map(({ source, target }, layer): LayerNeed => {
    const alive = blocks.filter((b) => b.first <= layer && layer <= b.last);
    const used = [target, source, ...(program.maps[source].parts ?? [])];
    const own = alive.filter((b) => b.maps.some((id) => used.includes(id)));
    return { layer, ownBytes: bytesOf(own), bytes: bytesOf(alive) };
  });
  return needs.reduce((a, b) => (b.bytes > a.bytes ? b : a));
}
