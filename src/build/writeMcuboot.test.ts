// SPDX-License-Identifier: Apache-2.0
// MCUboot images against imgtool 2.5.0 (PyPI), which made the two goldens from `program` and `edKey`:
//   imgtool sign [--key ED.pem] --header-size 0x200 --pad-header --align 4 --version 1.2.3+4 --slot-size 0x76000 P.bin S.bin
// ECDSA and RSA sign with random numbers: imgtool verifies those where somebody has installed it; the suite that CI runs
// rests on the goldens and on OpenSSL (Node's) for those two.
import { constants, createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runProgram } from '../../test/support/runProgram.js';
import { readMcubootImage } from '../flash/mcubootImage.js';
import { makeMcubootImage } from '../flash/testing/virtualSmp.js';
import { findProgram } from './exec.js';
import { withWorkFolder } from './workFolder.js';
import { type McubootVersion, parseMcubootVersion, readSigningKey, writeMcuboot } from './writeMcuboot.js';

const program = Uint8Array.from({ length: 1000 }, (_, i) => i * 7 + 3);
const version = parseMcubootVersion('1.2.3+4') as McubootVersion;
/** Made for this test. */
const edKey = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ4Bc9UXBVud5y051E/IWE0UqROAIZQX7YzOC1ryzvP9
-----END PRIVATE KEY-----
`;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const keys = {
  ed25519: edKey,
  'ECDSA P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  'RSA-2048': generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
};
const signed = (pem: string | Buffer): Uint8Array =>
  writeMcuboot(program, 0x200, { version, key: readSigningKey(Buffer.from(pem), 'key.pem') });

test('without a key and with Ed25519: every byte as imgtool writes it', () => {
  expect(sha256(writeMcuboot(program, 0x200, { version }))).toBe(
    '89e258cdf6e29f5d1c5184b057c04e6d16c3bd84d4ed8d093a67fe6ebf493b59',
  );
  expect(sha256(signed(edKey))).toBe('288a972ce79e5be6774daadc04be6c525897111178af60591c782c08f1343080');
});

test('what is written is read back, and is what the emulated boot loader knows', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
  const part = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
  fc.assert(
    fc.property(bytes, part(8), part(8), part(16), part(32), (code, major, minor, revision, build) => {
      const image = writeMcuboot(code, 32, { version: { major, minor, revision, build } });
      expect(readMcubootImage(image)).toMatchObject({
        version: `${major}.${minor}.${revision}`,
        headerBytes: 32,
        bytes: image.length,
      });
      if (build === 0) expect(image).toEqual(makeMcubootImage(code, [major, minor, revision], 32));
    }),
  );
});

/** What the header says is signed, and the entries behind it by type (MCUboot's image.h). */
function takeApart(image: Uint8Array): { body: Uint8Array; entries: Map<number, Uint8Array> } {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const end = view.getUint16(8, true) + view.getUint16(10, true) + view.getUint32(12, true);
  const entries = new Map<number, Uint8Array>();
  for (let at = end + 4; at < end + view.getUint16(end + 2, true); at += 4 + view.getUint16(at + 2, true))
    entries.set(view.getUint16(at, true), image.subarray(at + 4, at + 4 + view.getUint16(at + 2, true)));
  return { body: image.subarray(0, end), entries };
}

test.each([
  ['ECDSA P-256', 0x22, {}],
  ['RSA-2048', 0x20, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }],
] as const)('OpenSSL verifies what %s signed, and no other bytes', (name, type, options) => {
  const { body, entries } = takeApart(signed(keys[name]));
  const key = { key: createPublicKey(keys[name]), ...options };
  const signature = entries.get(type) ?? new Uint8Array();
  expect(verify('sha256', body, key, signature)).toBe(true);
  const other = body.slice();
  other[40] ^= 1;
  expect(verify('sha256', other, key, signature)).toBe(false);
});

const imgtool = findProgram('imgtool');

// Where somebody has it: nothing is installed for it, so that a machine without it has nothing to skip.
if (imgtool) {
  test.each(Object.entries(keys))('imgtool verifies what %s signed', async (_, pem) => {
    await withWorkFolder(async (folder) => {
      const [image, key] = ['s.bin', 'key.pem'].map((name) => join(folder, name));
      await writeFile(image, signed(pem));
      await writeFile(key, pem);
      const { status, stdout } = await runProgram(imgtool as string, ['verify', '--key', key, image]);
      expect([status, stdout]).toEqual([0, expect.stringMatching(/correctly validated\s+Image version: 1\.2\.3\+4/)]);
    });
  });
}

test.each([
  ['no PEM', 'hello'],
  ['a public key', generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' })],
  [
    'another curve',
    generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  ],
  [
    'a pass phrase',
    generateKeyPairSync('ed25519').privateKey.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'secret',
    }),
  ],
])('%s is no key to sign with', (_, pem) => {
  expect(() => readSigningKey(Buffer.from(pem), 'k.pem')).toThrow(
    expect.objectContaining({ code: 'data.broken', exit: 3 }),
  );
});

test.each(['', '1', '1.2', '1.2.3.4', '256.0.0', '1.2.65536', '1.2.3+4294967296', '1.2.3-rc', 'v1.2.3'])(
  'version %j is none',
  (text) => expect(parseMcubootVersion(text)).toBeUndefined(),
);
