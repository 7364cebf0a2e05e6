// SPDX-License-Identifier: Apache-2.0
// The KPU of the Kendryte K210 as an NpuBackend.
import type { NpuBackend } from '../npuBackend.js';
import { blobModel } from './blobModel.js';
import { checkKmodel } from './checkKmodel.js';
import { compileKpuBlob } from './compile/compileKpuBlob.js';
import { kpuSupports } from './compile/kpuSupport.js';
import { withPickedStrides } from './compile/withPickedStrides.js';
import { k210NotChecked } from './k210NotChecked.js';

const provider = 'builtin';

export const k210Backend: NpuBackend = {
  id: 'k210',
  configs: ['k210'],
  providers: [provider],
  defaultProvider: () => provider,
  // uint8 with a multiplier of 24 bits per channel and activations in sixteen pieces: not TensorFlow Lite's rounding.
  exact: false,
  notChecked: k210NotChecked,
  prepare: withPickedStrides,
  supports: kpuSupports,
  compile: async (subgraph, config) => compileKpuBlob(subgraph, config),
  check: (blob) => checkKmodel(blobModel(blob).model),
};
