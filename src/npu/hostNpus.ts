// SPDX-License-Identifier: Apache-2.0
// NPUs on the host: the functional model behind the imports of a WebAssembly module, and the C that calls it.
import { hostDriver } from './ethosu/hostDriver.js';
import type { HostNpu } from './hostNpu.js';
import { hostKpu } from './k210/hostKpu.js';

interface HostRow {
  /** `config`: the NPU that is there. `memoryOf` gives the module's memory once it runs. */
  open(config: string, memoryOf: () => WebAssembly.Memory): HostNpu;
  /** In runtime-c/host. */
  source: string;
  defines: readonly string[];
}

/** By NpuBackend.id. */
const rows: Readonly<Record<string, HostRow>> = {
  ethosu: { open: hostDriver, source: 'ethosu_host.c', defines: [] },
  k210: { open: hostKpu, source: 'kpu_host.c', defines: ['MOTE_KPU_ELSEWHERE=1'] },
};

export function hostNpuOf(backend: string): HostRow {
  const row = rows[backend];
  if (!row) throw new Error(`no NPU backend '${backend}'`);
  return row;
}
