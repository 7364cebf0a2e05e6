// SPDX-License-Identifier: Apache-2.0
// The header and the trailer (TLVs) of an image for MCUboot: https://docs.mcuboot.com/design.html, "Image format".

const imageMagic = 0x96f3b83d;
const infoMagic = 0x6907;
const protectedInfoMagic = 0x6908;
const sha256Tlv = 0x10;
const infoBytes = 4;
/** Of the header's fields; padding may follow them. */
export const mcubootHeaderBytes = 32;

export interface McubootImage {
  version: string;
  /** The program, and its vectors, begin behind so many. */
  headerBytes: number;
  /** SHA-256 of header, program and protected TLVs, as imgtool wrote it; lower-case hex. */
  hash: string;
  /** Header, program and TLVs. */
  bytes: number;
}

export function hasMcubootMagic(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === imageMagic;
}

/** Undefined where these bytes are no signed image. */
export function readMcubootImage(bytes: Uint8Array): McubootImage | undefined {
  if (bytes.length < mcubootHeaderBytes || !hasMcubootMagic(bytes)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const headerBytes = view.getUint16(8, true);
  if (headerBytes < mcubootHeaderBytes) return undefined;
  let at = headerBytes + view.getUint32(12, true);
  const size = (magic: number): number | undefined =>
    at + infoBytes <= bytes.length && view.getUint16(at, true) === magic ? view.getUint16(at + 2, true) : undefined;
  at += size(protectedInfoMagic) ?? 0;
  const tlvBytes = size(infoMagic);
  if (tlvBytes === undefined || at + tlvBytes > bytes.length) return undefined;
  const end = at + tlvBytes;
  const version = `${bytes[20]}.${bytes[21]}.${view.getUint16(22, true)}`;
  for (at += infoBytes; at + 4 <= end; at += 4 + view.getUint16(at + 2, true)) {
    const [type, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    if (type === sha256Tlv && length === 32 && at + 4 + length <= end)
      return { version, headerBytes, hash: Buffer.from(bytes.subarray(at + 4, at + 36)).toString('hex'), bytes: end };
  }
  return undefined;
}
