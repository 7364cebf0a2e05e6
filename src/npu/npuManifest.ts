// SPDX-License-Identifier: Apache-2.0
// The partition as pack.json records it, and as sentences.
import type { PackManifest } from '../generated/pack.js';
import { grouped } from '../report/table.js';
import { backendOf } from './backends.js';
import type { NpuChoice, Partition } from './partition.js';

export type NpuManifest = NonNullable<PackManifest['npu']>;

export function npuManifest({ graph, places, choice }: Partition & { choice: NpuChoice }): NpuManifest {
  const backend = backendOf(choice.backend);
  const blobs = graph.blobs ?? [];
  return {
    backend: choice.backend,
    config: choice.config,
    provider: blobs[0]?.provider ?? choice.provider ?? backend.defaultProvider(),
    tool: blobs[0]?.tool ?? '',
    blobs: blobs.map((blob, i) => ({
      layer: graph.nodes.find((n) => n.op === 'npu' && n.attrs.blob === i)?.name ?? '',
      nodes: places.filter((p) => p.blob === i).map((p) => p.node),
      macs: blob.macs,
      cycles: blob.cycles ?? null,
      payloadBytes: blob.payload.length,
      constantBytes: blob.constants.length,
      scratchBytes: blob.scratchBytes + blob.fastScratchBytes,
    })),
    cpu: places.flatMap(({ node, op, verdict, blob }) =>
      blob === undefined && !verdict.npu ? [{ node, op, reason: verdict.reason }] : [],
    ),
    notChecked: [...backend.notChecked],
  };
}

/** What pack says of it. */
export function npuNotes({ config, tool, blobs, cpu, notChecked }: NpuManifest): string[] {
  const nodes = blobs.reduce((sum, b) => sum + b.nodes.length, 0);
  const cycles = blobs.reduce((sum, b) => sum + (b.cycles ?? 0), 0);
  const scratch = blobs.reduce((most, b) => Math.max(most, b.scratchBytes), 0);
  const how = blobs.length
    ? ` in ${blobs.length} part${blobs.length === 1 ? '' : 's'}, ≈${grouped(cycles)} NPU cycles (estimated by ${tool}), scratch ${grouped(scratch)} bytes`
    : '';
  return [
    `${config}: ${nodes} of ${nodes + cpu.length} nodes on the NPU${how}`,
    ...cpu.map(({ node, op, reason }) => `on the CPU: ${node} (${op}): ${reason}`),
    ...(blobs.length ? [`not checked: ${notChecked.join(', ')}`] : []),
  ];
}
