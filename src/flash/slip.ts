// SPDX-License-Identifier: Apache-2.0
// SLIP framing (RFC 1055): C0 frame C0. A C0 inside is DB DC, a DB is DB DD.

export const slipEnd = 0xc0;
const escapeByte = 0xdb;
const escapedEnd = 0xdc;
const escapedEscape = 0xdd;

export function slipEncode(payload: Uint8Array): Uint8Array {
  const out = [slipEnd];
  for (const byte of payload) {
    if (byte === slipEnd) out.push(escapeByte, escapedEnd);
    else if (byte === escapeByte) out.push(escapeByte, escapedEscape);
    else out.push(byte);
  }
  out.push(slipEnd);
  return Uint8Array.from(out);
}

/** What stood between two C0, unescaped; undefined where an escape is damaged. */
export function slipDecode(body: Uint8Array): Uint8Array | undefined {
  const out: number[] = [];
  for (let at = 0; at < body.length; at++) {
    if (body[at] !== escapeByte) {
      out.push(body[at]);
      continue;
    }
    at++;
    if (body[at] === escapedEnd) out.push(slipEnd);
    else if (body[at] === escapedEscape) out.push(escapeByte);
    else return undefined;
  }
  return Uint8Array.from(out);
}
