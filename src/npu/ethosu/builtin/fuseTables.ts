// SPDX-License-Identifier: Apache-2.0
// A function of one byte right behind what makes that byte: its table becomes that operation's own, and the map between them
// is never written.
import { inputViews, type NpuOperation, type Storage } from './npuOperation.js';
import { sameMap } from './stripes.js';

const tableBytes = 256;

/** The table, if the operation does nothing but look up bytes. */
function lookup({ kind, stage, ...operation }: NpuOperation): Uint8Array | undefined {
  if (kind !== 'pool' || stage.min !== -128 || stage.max !== 127 || stage.table?.length !== tableBytes)
    return undefined;
  const { kernel } = operation as { kernel: { height: number; width: number } };
  return kernel.height * kernel.width === 1 ? stage.table : undefined;
}

/** What a second table makes of the first one's bytes. */
const through = (first: Uint8Array, second: Uint8Array): Uint8Array => first.map((byte) => second[byte ^ 0x80]);

function joined(first: NpuOperation, second: NpuOperation): NpuOperation | undefined {
  const table = lookup(second);
  const { output, stage } = first;
  if (!table || output.elementBytes !== 1 || !sameMap(output, second.input)) return undefined;
  const own = stage.table ? through(stage.table, table) : table;
  return { ...first, output: { ...second.output, zeroPoint: output.zeroPoint }, stage: { ...stage, table: own } };
}

/** Operations with the tables that follow them in their own output stage. */
export function fuseTables(operations: readonly NpuOperation[], storages: readonly Storage[]): NpuOperation[] {
  const touched = new Map<number, number>();
  for (const o of operations)
    for (const { storage } of [...inputViews(o), o.output]) touched.set(storage, (touched.get(storage) ?? 0) + 1);
  const found: NpuOperation[] = [];
  for (const operation of operations) {
    const last = found.at(-1);
    const between = operation.input.storage;
    const hidden = touched.get(between) === 2 && storages[between].port === undefined && !storages[between].data;
    const fused = last && hidden ? joined(last, operation) : undefined;
    if (fused) found[found.length - 1] = fused;
    else found.push(operation);
  }
  return found;
}
