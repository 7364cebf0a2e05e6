// SPDX-License-Identifier: Apache-2.0
// `cycles_total` of the summaries that Vela 5.2.0 writes with its default system configurations (its softmax included, which
// is below one in fifty but for micro_speech).

export const velaCycles: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  micro_speech: {
    'ethos-u55-32': 100_230,
    'ethos-u55-64': 61_209,
    'ethos-u55-128': 40_939,
    'ethos-u55-256': 31_744,
    'ethos-u65-256': 21_815,
    'ethos-u65-512': 13_480,
  },
  kws: {
    'ethos-u55-32': 266_947,
    'ethos-u55-64': 140_093,
    'ethos-u55-128': 89_900,
    'ethos-u55-256': 58_340,
    'ethos-u65-256': 55_411,
    'ethos-u65-512': 30_704,
  },
  ic: {
    'ethos-u55-32': 705_368,
    'ethos-u55-64': 358_129,
    'ethos-u55-128': 201_747,
    'ethos-u55-256': 141_933,
    'ethos-u65-256': 104_235,
    'ethos-u65-512': 56_910,
  },
  person_detect: {
    'ethos-u55-32': 766_847,
    'ethos-u55-64': 457_984,
    'ethos-u55-128': 353_931,
    'ethos-u55-256': 299_767,
    'ethos-u65-256': 125_147,
    'ethos-u65-512': 84_597,
  },
  vww: {
    'ethos-u55-32': 700_729,
    'ethos-u55-64': 359_674,
    'ethos-u55-128': 220_870,
    'ethos-u55-256': 161_459,
    'ethos-u65-256': 152_904,
    'ethos-u65-512': 106_145,
  },
};
