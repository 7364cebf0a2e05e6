// SPDX-License-Identifier: Apache-2.0
// The flash methods: what each needs of its way to the board, and the function behind it. A method is a row here, a
// definition in schemas/board.schema.json (its options) and a file of its own, loaded when it is used.
import { fail } from '../cli/errors.js';
import type { Link, LinkAbilities } from '../link/link.js';
import { packK210 } from './k210Image.js';
import {
  type DriveMethod,
  defaultBaud,
  type LinkMethod,
  type MethodId,
  type OptionsOf,
  type ToolMethod,
} from './method.js';

type MethodOf<M extends MethodId> = M extends 'external'
  ? ToolMethod
  : M extends 'uf2-drive' | 'daplink-drive' | 'stlink-drive'
    ? DriveMethod<OptionsOf<M>>
    : LinkMethod<OptionsOf<M>>;

/** A row is missing where mote knows a method's name but has no client for it yet. */
export const flashMethods: { readonly [M in MethodId]?: MethodOf<M> } = {
  'esp-rom': {
    kind: 'link',
    title: "the boot loader in an ESP32's ROM",
    needs: () => [],
    format: ({ baud = 115200 }) => ({ baud, parity: 'none' }),
    connect: async () => (await import('./espRom.js')).connectEspRom,
  },
  'k210-isp': {
    kind: 'link',
    title: "the serial loader in a K210's ROM (ISP)",
    needs: () => [],
    format: () => ({ baud: 115200, parity: 'none' }),
    pack: packK210,
    connect: async () => (await import('./k210Isp.js')).connectK210Isp,
  },
  an3155: {
    kind: 'link',
    title: 'STM32/GD32 USART boot loader (AN3155)',
    needs: ({ parity }) => (parity === 'none' ? [] : ['parity']),
    format: ({ baud = defaultBaud, parity = 'even' }) => ({ baud, parity }),
    connect: async () => (await import('./an3155.js')).connectAn3155,
  },
  'uf2-drive': {
    kind: 'drive',
    title: 'a UF2 file on the drive of its boot loader',
    copy: async () => (await import('./uf2Drive.js')).copyUf2,
  },
  'daplink-drive': {
    kind: 'drive',
    title: 'a file on the drive of its DAPLink probe',
    copy: async () => (await import('./probeDrive.js')).copyDaplink,
  },
  'stlink-drive': {
    kind: 'drive',
    title: 'a file on the drive of its ST-LINK',
    copy: async () => (await import('./probeDrive.js')).copyStlink,
  },
  'sam-ba': {
    kind: 'link',
    title: 'SAM-BA, the boot loader of Arduino boards',
    needs: () => [],
    format: ({ baud = 115200 }) => ({ baud, parity: 'none' }),
    touch: ({ touch = false }) => touch,
    connect: async () => (await import('./samBa.js')).connectSamBa,
  },
  smp: {
    kind: 'link',
    title: 'serial recovery of MCUboot (SMP)',
    needs: () => [],
    format: ({ baud = 115200 }) => ({ baud, parity: 'none' }),
    connect: async () => (await import('./smp.js')).connectSmp,
  },
  external: { kind: 'tool', title: 'another program' },
};

const abilityWords: Record<keyof LinkAbilities, string> = {
  lines: 'drive the modem lines DTR and RTS',
  baud: 'change its baud rate',
  parity: 'set a parity bit',
};

/** Refuses a link that lacks what the method needs, before anything is sent. */
export function requireAbilities(link: Link, method: string, needs: readonly (keyof LinkAbilities)[]): void {
  const lacking = needs.filter((n) => !link.can[n]);
  if (lacking.length === 0) return;
  fail('link.lacks', { port: link.name, method, what: lacking.map((n) => abilityWords[n]).join(' or ') });
}
