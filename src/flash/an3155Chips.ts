// SPDX-License-Identifier: Apache-2.0
// Chips whose ROM speaks AN3155, by the product id that GET ID answers. Sources: AN2606 (ids, RAM of the boot loader) as
// collected in dev_table.c of github.com/stm32duino/stm32flash and devices.py of github.com/florisla/stm32loader; flash
// organisation and programming width from the reference manual that each row names. GD32 parts answer with ST's ids.
import type { EraseBlock } from './flashMemory.js';

/** `count` erase blocks of `bytes` each, in order of address. */
type Run = readonly [count: number, bytes: number];

export interface An3155Chip {
  name: string;
  /** Where the flash organisation is described. */
  manual: string;
  /** One bank's erase blocks; their numbers in ERASE count on through all banks. */
  geometry: readonly Run[];
  /** RAM from 0x20000000 up to here belongs to the boot loader. */
  ramReservedTo: number;
  /** What the flash is programmed in: writes are padded to it. */
  writeAlignBytes: number;
  /** Most bytes of one WRITE. */
  writeBytes: number;
}

export const flashStart = 0x0800_0000;

const kB = 1024;

type Family = Omit<An3155Chip, 'name' | 'geometry'>;
const chip = (name: string, geometry: readonly Run[], family: Family): An3155Chip => ({ name, geometry, ...family });

const usual = { writeAlignBytes: 4, writeBytes: 256 };
/** Flash that is programmed in double words with ECC: L4, G0, G4, L5, WB, WL. */
const doubleWords = { writeAlignBytes: 8, writeBytes: 256 };
const bankF2: readonly Run[] = [
  [4, 16 * kB],
  [1, 64 * kB],
  [7, 128 * kB],
];
const sectorsF4 = (count128: number): readonly Run[] => [
  [4, 16 * kB],
  [1, 64 * kB],
  [count128, 128 * kB],
];
const f0 = (ramReservedTo: number): Family => ({ manual: 'RM0091', ramReservedTo, ...usual });
const f1: Family = { manual: 'RM0008', ramReservedTo: 0x2000_0200, ...usual };
const f4: Family = { manual: 'RM0090', ramReservedTo: 0x2000_3000, ...usual };
const f7: Family = { manual: 'RM0385', ramReservedTo: 0x2000_4000, ...usual };
const l0: Family = { manual: 'RM0367', ramReservedTo: 0x2000_1000, writeAlignBytes: 4, writeBytes: 128 };
const l1: Family = { manual: 'RM0038', ramReservedTo: 0x2000_1000, ...usual };
const l4: Family = { manual: 'RM0351', ramReservedTo: 0x2000_3100, ...doubleWords };
const g4: Family = { manual: 'RM0440', ramReservedTo: 0x2000_4000, ...doubleWords };

/** Programmed in flash words of 256 bits. */
const h7 = (manual: string): Family => ({ manual, ramReservedTo: 0x2000_4100, writeAlignBytes: 32, writeBytes: 256 });
/** Programmed in quad words. */
const u5 = (manual: string): Family => ({ manual, ramReservedTo: 0x2000_4000, writeAlignBytes: 16, writeBytes: 256 });

/** The largest chip of each id: smaller ones answer with the same id, and the board file knows their flash. */
export const an3155Chips: Readonly<Record<string, An3155Chip>> = {
  '0x440': chip('STM32F05x/F030x8', [[64, kB]], f0(0x2000_0800)),
  '0x448': chip('STM32F07x', [[64, 2 * kB]], f0(0x2000_1800)),
  '0x442': chip('STM32F09x/F030xC', [[128, 2 * kB]], f0(0x2000_1800)),
  '0x412': chip('STM32F10x low density', [[32, kB]], f1),
  '0x410': chip('STM32F10x medium density', [[128, kB]], f1),
  '0x414': chip('STM32F10x high density', [[256, 2 * kB]], f1),
  '0x418': chip('STM32F105/F107', [[128, 2 * kB]], { ...f1, ramReservedTo: 0x2000_1000 }),
  '0x411': chip('STM32F2xx', bankF2, { manual: 'RM0033', ramReservedTo: 0x2000_2000, ...usual }),
  '0x422': chip('STM32F302/F303xB/xC', [[128, 2 * kB]], { manual: 'RM0316', ramReservedTo: 0x2000_1400, ...usual }),
  '0x446': chip('STM32F302/F303xD/xE', [[256, 2 * kB]], { manual: 'RM0316', ramReservedTo: 0x2000_1800, ...usual }),
  '0x413': chip('STM32F405/F407/F415/F417', bankF2, f4),
  '0x419': chip('STM32F42x/F43x', [...bankF2, ...bankF2], f4),
  '0x423': chip('STM32F401xB/xC', sectorsF4(1), { ...f4, manual: 'RM0368' }),
  '0x433': chip('STM32F401xD/xE', sectorsF4(3), { ...f4, manual: 'RM0368' }),
  '0x431': chip('STM32F411', sectorsF4(3), { ...f4, manual: 'RM0383' }),
  '0x421': chip('STM32F446', sectorsF4(3), { ...f4, manual: 'RM0390' }),
  '0x449': chip(
    'STM32F74x/F75x',
    [
      [4, 32 * kB],
      [1, 128 * kB],
      [3, 256 * kB],
    ],
    f7,
  ),
  '0x451': chip(
    'STM32F76x/F77x',
    [
      [4, 32 * kB],
      [1, 128 * kB],
      [7, 256 * kB],
    ],
    { ...f7, manual: 'RM0410 (single bank)' },
  ),
  '0x460': chip('STM32G07x/G08x', [[64, 2 * kB]], { manual: 'RM0444', ramReservedTo: 0x2000_2700, ...doubleWords }),
  '0x468': chip('STM32G431/G441', [[64, 2 * kB]], g4),
  '0x469': chip('STM32G47x/G48x', [[256, 2 * kB]], { ...g4, manual: 'RM0440 (dual bank)' }),
  '0x450': chip('STM32H74x/H75x', [[16, 128 * kB]], h7('RM0433')),
  '0x483': chip('STM32H72x/H73x', [[8, 128 * kB]], h7('RM0468')),
  '0x484': chip('STM32H563/H573', [[256, 8 * kB]], u5('RM0481')),
  '0x417': chip('STM32L05x/L06x', [[512, 128]], l0),
  '0x447': chip('STM32L07x/L08x', [[1536, 128]], l0),
  '0x416': chip('STM32L1xx6/8/B', [[512, 256]], { ...l1, ramReservedTo: 0x2000_0800 }),
  '0x436': chip('STM32L1xxD', [[1536, 256]], l1),
  '0x435': chip('STM32L43x/L44x', [[128, 2 * kB]], { ...l4, manual: 'RM0394' }),
  '0x462': chip('STM32L45x/L46x', [[256, 2 * kB]], { ...l4, manual: 'RM0394' }),
  '0x415': chip('STM32L47x/L48x', [[512, 2 * kB]], l4),
  '0x461': chip('STM32L496/L4A6', [[512, 2 * kB]], l4),
  '0x470': chip('STM32L4Rx/L4Sx', [[512, 4 * kB]], {
    ...l4,
    manual: 'RM0432 (dual bank)',
    ramReservedTo: 0x2000_3200,
  }),
  '0x472': chip('STM32L552/L562', [[256, 2 * kB]], { manual: 'RM0438', ramReservedTo: 0x2000_4000, ...doubleWords }),
  '0x482': chip('STM32U575/U585', [[256, 8 * kB]], u5('RM0456')),
  '0x495': chip('STM32WB50/WB55', [[256, 4 * kB]], { manual: 'RM0434', ramReservedTo: 0x2000_4000, ...doubleWords }),
  '0x497': chip('STM32WL5x/WLE5', [[128, 2 * kB]], { manual: 'RM0453', ramReservedTo: 0x2000_2000, ...doubleWords }),
};

/** GD32VW553 and its kin answer GET GD ID (0x06) instead: 4 kB pages, 240 bytes a WRITE (stm32loader, bootloader.py). */
export const gd32vw: An3155Chip = chip('GD32VW', [[1024, 4 * kB]], {
  manual: 'GD32VW553 user manual',
  ramReservedTo: 0x2000_0000,
  writeAlignBytes: 4,
  writeBytes: 240,
});

/** All erase blocks; the index of each is its number in ERASE. */
export function chipBlocks({ geometry }: An3155Chip): EraseBlock[] {
  let address = flashStart;
  return geometry.flatMap(([count, bytes]) =>
    Array.from({ length: count }, () => {
      const block = { address, bytes };
      address += bytes;
      return block;
    }),
  );
}
