// SPDX-License-Identifier: Apache-2.0
// What an ESP32 says, in words: error codes of the ROM and of the stub, and the boot log.
// Codes: https://docs.espressif.com/projects/esptool/en/latest/esp32/advanced-topics/serial-protocol.html

const romErrors: Record<number, string> = {
  5: 'it did not understand the message',
  6: 'it failed to act on the message',
  7: 'the checksum of the data was wrong',
  8: 'the flash could not be written',
  9: 'the flash could not be read',
  10: 'the length of a read was wrong',
  11: 'the compressed data were damaged',
  12: 'the check sum of the compressed data was wrong',
  13: 'a parameter of the compressed write was wrong',
};

const stubErrors: Record<number, string> = {
  192: 'the length of the data was wrong',
  193: 'the checksum of the data was wrong',
  194: 'the block was too large',
  195: 'the stub does not know the command',
  196: 'the flash chip failed to act',
  197: 'the flash chip could not be unlocked',
  198: 'the stub is not writing the flash',
  199: 'the compressed data were damaged',
  200: 'there were too few data',
  201: 'there were too many data',
};

export function espErrorWords(code: number): string {
  return romErrors[code] ?? stubErrors[code] ?? `error 0x${code.toString(16)}`;
}

/** Statuses of mote's loader (runtime-c/flash/loader.h). */
const loaderErrors: Record<number, string> = {
  1: 'the loader expected another request',
  2: 'the length of the data was wrong',
  3: 'the loader has no code for the flash yet',
  4: 'the address lies outside of what was announced',
  5: 'what arrived was damaged',
  6: 'the flash chip failed to act',
  7: 'the loader does not know the request',
  8: 'the status register of the flash chip protects its sectors from writing',
};

export const loaderErrorWords = (status: number): string => loaderErrors[status] ?? `status ${status} of the loader`;

/** Why nothing answered, as far as what the chip printed tells. */
export function explainSilence(bootLog: Uint8Array, bootPin: string): { reason: string; help: string } {
  const text = Buffer.from(bootLog).toString('latin1');
  const mode = /boot:(0x[0-9a-f]{1,4})/i.exec(text)?.[1];
  if (/waiting for download/.test(text))
    return {
      reason: 'the chip waits for a download but hears nothing',
      help: 'look at the line from the adapter TX to the chip RX',
    };
  if (mode !== undefined)
    return {
      reason: `the chip started its program instead of the boot loader (boot mode ${mode})`,
      help: `hold ${bootPin} low (the BOOT button) while the chip is reset, then try again`,
    };
  if (bootLog.length > 0)
    return {
      reason: `${bootLog.length} bytes came that are no answer`,
      help: 'another program may run on the board or use the port; hold BOOT, press RESET and try again',
    };
  return { reason: 'nothing came back', help: 'look at cable and port, hold BOOT, press RESET and try again' };
}
