// SPDX-License-Identifier: Apache-2.0
// Why a K210's serial loader did not answer, as far as what came tells.
import type { Link } from '../link/link.js';

/** What the boot ROMs of other chips print at a reset (docs.espressif.com/projects/esptool, "Boot Log"). */
const strangers: readonly [RegExp, string][] = [
  [/ESP-ROM:|rst:0x[0-9a-f]+ \(/i, 'an ESP32'],
  [/ets [A-Z][a-z]{2} +\d+ \d{4}/, 'an ESP8266 or ESP32'],
  [/CircuitPython|MicroPython v[\d.]+ on \S+; (?!.*k210)/i, 'another board with Python on it'],
];

const strap = 'hold IO16 low (the BOOT button), press RESET and try again';

export function explainK210Silence(heard: Uint8Array, { can }: Link): { reason: string; help: string } {
  const text = Buffer.from(heard).toString('latin1');
  const stranger = strangers.find(([pattern]) => pattern.test(text));
  if (stranger)
    return {
      reason: `what it says is the boot log of ${stranger[1]}, not of a K210`,
      help: 'look at --board and --port',
    };
  if (heard.length > 0)
    return { reason: `${heard.length} bytes came that are no answer: a program may run on it`, help: strap };
  const wires = can.lines ? 'no wiring of DTR and RTS reached the boot loader; ' : '';
  return { reason: 'nothing came back', help: `${wires}look at cable and port, ${strap}` };
}
