// SPDX-License-Identifier: Apache-2.0
// What others need, in instructions per MAC, counted the same way (QEMU's instruction counter, GCC 12.2 -O3, double
// rounding): TensorFlow Lite Micro with CMSIS-NN 6 on the Arm cores, with muRISCV-NN on RISC-V (VLEN 128). Single layers
// are the libraries' kernels alone. See README "Numbers".

type PeerRow = Readonly<Record<string, number>>;

export const peerModels: Readonly<Record<string, PeerRow>> = {
  'cortex-m0plus': { kws: 10.924, vww: 11.6, ic: 7.805, ad: 6.673, sww: 11.281 },
  'cortex-m4': { kws: 2.954, vww: 3.301, ic: 2.39, ad: 2.205, sww: 2.695 },
  'cortex-m33': { kws: 2.938, vww: 3.277, ic: 2.394, ad: 2.206, sww: 2.687 },
  'cortex-m7': { kws: 2.923, vww: 3.269, ic: 2.394, ad: 2.206, sww: 2.648 },
  'cortex-m55': { kws: 0.674, vww: 0.859, ic: 0.385, ad: 0.569, sww: 0.498 },
  rv32imc: { kws: 5.62, vww: 5.97, ic: 4.37, ad: 5.08, sww: 6.75 },
  'rv32imc-zve32x': { kws: 1.56, vww: 1.76, ic: 1.2, ad: 1.08, sww: 1.37 },
};

export const peerKernels: Readonly<Record<string, PeerRow>> = {
  'cortex-m4': {
    '1x1 conv 12x12 64->64': 2.08,
    '3x3 conv 32x32 16->16': 2.33,
    '3x3 depthwise 12x12x64': 8.52,
    'fc 640->128': 1.95,
  },
  'cortex-m7': {
    '1x1 conv 12x12 64->64': 2.04,
    '3x3 conv 32x32 16->16': 2.33,
    '3x3 depthwise 12x12x64': 8.4,
    'fc 640->128': 1.95,
  },
  'cortex-m55': {
    '1x1 conv 12x12 64->64': 0.393,
    '3x3 conv 32x32 16->16': 0.387,
    '3x3 depthwise 12x12x64': 2.3,
    'fc 640->128': 0.94,
  },
  rv32imc: {
    '1x1 conv 12x12 64->64': 4.78,
    '3x3 conv 32x32 16->16': 4.38,
    '3x3 depthwise 12x12x64': 12.2,
    'fc 640->128': 4.93,
  },
  'rv32imc-zve32x': {
    '1x1 conv 12x12 64->64': 1.34,
    '3x3 conv 32x32 16->16': 1.22,
    '3x3 depthwise 12x12x64': 1.92,
    'fc 640->128': 0.93,
  },
};

/** TensorFlow Lite Micro + CMSIS-NN on a Cortex-M4: bytes of arena. */
export const peerArenaBytes: PeerRow = { kws: 22820, vww: 100708, ic: 54996, ad: 2580, sww: 16596 };
