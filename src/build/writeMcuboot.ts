// SPDX-License-Identifier: Apache-2.0
// A program as an image for MCUboot, as `imgtool sign` makes it: header, program, trailer (TLVs) with its SHA-256 and, given
// a key, the key's hash and a signature. https://docs.mcuboot.com/design.html, "Image format"; numbers of the TLVs and
// what each kind of key signs: github.com/mcu-tools/mcuboot, scripts/imgtool/image.py and keys/.
import { constants, createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { fail } from '../cli/errors.js';

export interface McubootSigning {
  version: McubootVersion;
  /** Without one, only a MCUboot that asks for no signature takes the image. */
  key?: KeyObject;
}

export interface McubootVersion {
  major: number;
  minor: number;
  revision: number;
  build: number;
}

const imageMagic = 0x96f3b83d;
const infoMagic = 0x6907;
const tlvs = { keyHash: 0x01, sha256: 0x10, rsa2048: 0x20, ecdsa: 0x22, rsa3072: 0x23, ed25519: 0x24 } as const;
const fieldBytes = 32;
const erased = 0xff;

export function writeMcuboot(program: Uint8Array, headerBytes: number, { version, key }: McubootSigning): Uint8Array {
  const header = Buffer.alloc(headerBytes, erased);
  header.fill(0, 0, fieldBytes);
  header.writeUInt32LE(imageMagic, 0);
  header.writeUInt16LE(headerBytes, 8);
  header.writeUInt32LE(program.length, 12);
  header.writeUInt8(version.major, 20);
  header.writeUInt8(version.minor, 21);
  header.writeUInt16LE(version.revision, 22);
  header.writeUInt32LE(version.build, 24);
  const payload = Buffer.concat([header, program]);
  const digest = sha256(payload);
  const entries = [tlv(tlvs.sha256, digest), ...(key ? signature(key, payload, digest) : [])];
  const info = Buffer.alloc(4);
  info.writeUInt16LE(infoMagic, 0);
  info.writeUInt16LE(
    entries.reduce((sum, e) => sum + e.length, info.length),
    2,
  );
  return Uint8Array.from(Buffer.concat([payload, info, ...entries]));
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

function tlv(type: number, value: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(type, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, value]);
}

interface Signer {
  tlv: number;
  /** How the public key is written before it is hashed. */
  publicKey: 'spki' | 'pkcs1';
  sign(payload: Uint8Array, digest: Uint8Array, key: KeyObject): Buffer;
}

const pss = (payload: Uint8Array, _: Uint8Array, key: KeyObject): Buffer =>
  sign('sha256', payload, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });

/** By kind of key, with its curve or its size. */
const signers: Readonly<Record<string, Signer>> = {
  'ec prime256v1': { tlv: tlvs.ecdsa, publicKey: 'spki', sign: (payload, _, key) => sign('sha256', payload, key) },
  ed25519: { tlv: tlvs.ed25519, publicKey: 'spki', sign: (_, digest, key) => sign(null, digest, key) },
  'rsa 2048': { tlv: tlvs.rsa2048, publicKey: 'pkcs1', sign: pss },
  'rsa 3072': { tlv: tlvs.rsa3072, publicKey: 'pkcs1', sign: pss },
};

/** What MCUboot calls this key; undefined where it has no name for it. */
export function mcubootKeyName(key: KeyObject): string | undefined {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  const name = [key.asymmetricKeyType, namedCurve ?? modulusLength].filter((part) => part !== undefined).join(' ');
  return Object.hasOwn(signers, name) ? name : undefined;
}

function signature(key: KeyObject, payload: Uint8Array, digest: Uint8Array): Buffer[] {
  const signer = signers[mcubootKeyName(key) ?? ''];
  if (!signer) throw new Error('readSigningKey lets no such key through');
  const publicKey = createPublicKey(key);
  const written = publicKey.export({ type: signer.publicKey, format: 'der' });
  return [tlv(tlvs.keyHash, sha256(written)), tlv(signer.tlv, signer.sign(payload, digest, key))];
}

/** The private key of a PEM file, of a kind that MCUboot verifies. */
export function readSigningKey(pem: Uint8Array, path: string): KeyObject {
  const refuse = (reason: string): never => fail('data.broken', { path, reason: `as a signing key: ${reason}` });
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: Buffer.from(pem), format: 'pem' });
  } catch {
    return refuse('it is no private key in PEM, or one that needs a pass phrase');
  }
  return mcubootKeyName(key) ? key : refuse('MCUboot takes ECDSA P-256, Ed25519, RSA-2048 and RSA-3072 here');
}

/** `1.2.3` or `1.2.3+4`, as imgtool writes versions. */
export function parseMcubootVersion(text: string): McubootVersion | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,5})(?:\+(\d{1,10}))?$/.exec(text);
  if (!match) return undefined;
  const [major, minor, revision, build] = match.slice(1).map((part) => Number(part ?? 0));
  const fits = major < 2 ** 8 && minor < 2 ** 8 && revision < 2 ** 16 && build < 2 ** 32;
  return fits ? { major, minor, revision, build } : undefined;
}
