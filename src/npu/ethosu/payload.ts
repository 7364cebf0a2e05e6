// SPDX-License-Identifier: Apache-2.0
// The driver payload in front of a command stream: "COP1", then actions (Arm's ethos-u-core-driver, ethosu_driver.c;
// Vela's driver_actions.py). CONFIG names the hardware that the stream is for, COMMAND_STREAM holds it.

/** Hardware that a stream was compiled for, out of its config word. */
export interface EthosConfig {
  /** `ethos-u55-128`. */
  id: string;
  product: 'u55' | 'u65';
  macs: number;
  shramKib: number;
  configWord: number;
  idWord: number;
}

export interface Payload {
  config: EthosConfig;
  words: Uint32Array;
}

export const magic = 0x31504f43; // "COP1"
export const actions = { config: 1, stream: 2, nop: 5 } as const;
const products = ['u55', 'u65'] as const;

function readConfig(configWord: number, idWord: number, broken: (reason: string) => never): EthosConfig {
  const product = products[configWord >>> 28] ?? broken(`config word 0x${configWord.toString(16)} names no U55 or U65`);
  const macs = 2 ** (configWord & 0xf);
  return {
    id: `ethos-${product}-${macs}`,
    product,
    macs,
    shramKib: (configWord >>> 8) & 0xff,
    configWord,
    idWord,
  };
}

/** Splits a payload; anything but one CONFIG and one COMMAND_STREAM is `broken`. */
export function readPayload(bytes: Uint8Array, broken: (reason: string) => never): Payload {
  const words = new Uint32Array(bytes.slice(0, bytes.length & ~3).buffer);
  if (words[0] !== magic) broken('the command stream does not begin with COP1');
  let config: EthosConfig | undefined;
  for (let at = 1; at < words.length; ) {
    const word = words[at++];
    const tag = word & 0xff;
    if (tag === actions.config) {
      if (at + 2 > words.length) broken('its CONFIG action is cut short');
      config = readConfig(words[at], words[at + 1], broken);
      at += 2;
    } else if (tag === actions.stream) {
      const length = (word >>> 16) | (((word >>> 8) & 0xff) << 16);
      if (at + length > words.length) broken(`its stream of ${length} words ends after ${words.length - at}`);
      return {
        config: config ?? broken('it does not say which hardware it is for'),
        words: words.slice(at, at + length),
      };
    } else if (tag !== actions.nop) broken(`driver action ${tag} is none that mote knows`);
  }
  return broken('it has no command stream');
}
