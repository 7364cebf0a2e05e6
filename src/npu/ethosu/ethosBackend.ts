// SPDX-License-Identifier: Apache-2.0
// Arm Ethos-U55 and U65 as an NpuBackend.
import type { Graph } from '../../model/graph.js';
import type { MemoryWish, NpuBackend } from '../npuBackend.js';
import type { CompiledBlob } from '../npuBlob.js';
import { checkStream } from './checkStream.js';
import { decodeStream } from './commandStream.js';
import { DriverRefusal } from './driverModel.js';
import { ethosSupports } from './ethosSupports.js';
import { ethosHardware } from './hardware.js';
import { ethosNotChecked } from './notChecked.js';
import { readPayload } from './payload.js';
import { kernelOperations, type StreamOperation } from './registers.js';
import { velaPath } from './vela/findVela.js';

const broken = (reason: string): never => {
  throw new DriverRefusal(reason);
};

type Compile = (subgraph: Graph, config: string, wish: MemoryWish) => Promise<CompiledBlob>;

/** Loaded when they are asked for: what only runs blobs needs no compiler. */
const providers: Readonly<Record<string, () => Promise<Compile>>> = {
  vela: async () => (await import('./vela/compileWithVela.js')).compileWithVela,
  builtin: async () => (await import('./builtin/compileBuiltin.js')).compileBuiltin,
};

const isListed = (o: StreamOperation): boolean => kernelOperations.has(o.name) || o.name === 'DMA_START';

export const ethosBackend: NpuBackend = {
  id: 'ethosu',
  configs: Object.keys(ethosHardware),
  providers: Object.keys(providers),
  // A machine without Python compiles all the same.
  defaultProvider: () => (velaPath() === undefined ? 'builtin' : 'vela'),
  exact: true,
  notChecked: ethosNotChecked,
  supports: ethosSupports,
  compile: async (subgraph, config, provider, wish) => (await providers[provider]())(subgraph, config, wish),
  check(blob) {
    const { config, words } = readPayload(blob.payload, broken);
    return checkStream(decodeStream(words, broken), config, isListed, broken);
  },
};
