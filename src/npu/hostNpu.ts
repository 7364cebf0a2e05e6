// SPDX-License-Identifier: Apache-2.0
// An NPU on the host: the functional model behind the imports of a WebAssembly module.
export interface HostNpu {
  imports: Record<string, Record<string, CallableFunction>>;
  /** Why the last call was refused, where the C has a code for that; else the model throws NpuRefusal. */
  refusal(): string | undefined;
}
