// SPDX-License-Identifier: Apache-2.0
// The serial boot loader in the ROM of ESP32, S2, S3, C2, C3, C6, H2 and P4. An ESP32-C3 or -C6 is flashed by mote's own
// loader in its RAM (espLoader.ts), whose commands have check sums; the others by the ROM, or by a stub that the caller
// gives. eFuses are never written; a chip other than the expected one is refused before anything is erased. https://docs.espressif.com/projects/esptool/en/latest/esp32/advanced-topics/serial-protocol.html
import { fail } from '../cli/errors.js';
import type { EspRomFlash } from '../generated/board.js';
import { LinkClosed, ReadTimeout } from '../link/byteReader.js';
import { blockEnd, eraseBlocks } from './eraseBlocks.js';
import { chipNamed, type EspChip, espChips, flashBytesOfJedec, magicAddress } from './espChips.js';
import { EspVerifyError, espMd5, espRead, espResync, espRetried, espSectorBytes, espWrite } from './espFlash.js';
import { startEspLoader } from './espLoader.js';
import { EspRefusal, EspSession, espOp } from './espSession.js';
import { type EspStub, loadEspStub } from './espStub.js';
import { espErrorWords, explainSilence, loaderErrorWords } from './espWords.js';
import type { ConnectFlash, EraseBlock, FlashMemory, FlashRequest } from './flashMemory.js';
import { type RamLoaderCode, ramLoaderFor } from './loaders.js';
import { LoaderRefusal } from './ramLoader.js';
import { RamLoaderFlash } from './ramLoaderFlash.js';
import { playSequence } from './resetSequence.js';
import { words } from './words.js';

/** The board file's entry, and a stub where the user named one. */
export type EspOptions = EspRomFlash & { stub?: EspStub };

const chipNames = { esp32: 'ESP32', esp32s3: 'ESP32-S3', esp32c3: 'ESP32-C3', esp32c6: 'ESP32-C6' } as const;
const expectedChip = (options: EspOptions): EspChip => chipNamed(chipNames[options.chip]);
/** Speed of the ROM's serial port after reset. */
export const espRomBaud = 115200;

interface Security {
  secureBoot: boolean;
  secureDownload: boolean;
  encrypted: boolean;
}

const connectTries = 7;
const syncsPerTry = 5;
const jedecReadId = 0x9f;
const commandRunTimes = 10;

/** Errors of the protocol as sentences; everything else passes. */
async function told<T>(request: FlashRequest, what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const board = request.link.name;
    if (error instanceof EspRefusal) fail('flash.refused', { board, what, reason: espErrorWords(error.errorCode) });
    if (error instanceof LoaderRefusal) fail('flash.refused', { board, what, reason: loaderErrorWords(error.status) });
    if (error instanceof EspVerifyError) fail('flash.differs', { board, reason: error.message });
    if (error instanceof ReadTimeout) fail('flash.silent', { board, reason: `${error.message} while ${what}` });
    if (error instanceof LinkClosed) fail('flash.lost', { board, reason: error.message });
    throw error;
  }
}

async function reach(session: EspSession, request: FlashRequest, options: EspOptions): Promise<void> {
  const { link } = request;
  if (link.can.baud) await link.setFormat?.({ baud: options.baud ?? espRomBaud });
  for (let i = 0; i < connectTries; i++) {
    if (request.signal?.aborted) fail('flash.interrupted', { state: '; nothing was erased' });
    request.onStep?.(`waiting for the boot loader (try ${i + 1} of ${connectTries})`);
    if (link.can.lines && options.enter.length > 0) {
      session.discard();
      await playSequence(link, options.enter[i % options.enter.length], { sleep: (ms) => session.pause(ms) });
      await session.pause(50);
    }
    for (let k = 0; k < syncsPerTry; k++) {
      try {
        return await session.sync();
      } catch (error) {
        if (error instanceof LinkClosed) throw error;
      }
    }
  }
  session.discard();
  fail('flash.silent', { board: link.name, ...explainSilence(session.heard, expectedChip(options).bootPin) });
}

async function findChip(session: EspSession): Promise<{ chip?: EspChip; found: string; security: Security }> {
  const security: Security = { secureBoot: false, secureDownload: false, encrypted: false };
  let chipId: number | undefined;
  try {
    const info = await session.request({ op: espOp.securityInfo, data: new Uint8Array(0), answerBytes: 20 });
    const view = new DataView(info.data.buffer);
    chipId = view.getUint32(12, true);
    const flags = view.getUint32(0, true);
    // An odd number of ones in the counter switches encryption on.
    const ones = [...info.data[4].toString(2)].filter((bit) => bit === '1').length;
    Object.assign(security, { secureBoot: !!(flags & 1), secureDownload: !!(flags & 4), encrypted: ones % 2 === 1 });
  } catch (error) {
    // ESP32 does not know the command, ESP32-S2 answers with 12 bytes.
    if (error instanceof LinkClosed) throw error;
    await espResync(session);
  }
  if (chipId !== undefined) {
    const chip = (espChips as readonly EspChip[]).find((known) => known.chipId === chipId);
    return { chip, found: chip?.name ?? `chip with the unknown id ${chipId}`, security };
  }
  const magic = await session.readRegister(magicAddress);
  const chip = (espChips as readonly EspChip[]).find((known) => known.magic === magic);
  return { chip, found: chip?.name ?? `chip with the unknown mark 0x${magic.toString(16)}`, security };
}

/** Asked twice before it refuses: commands and answers carry no check sum. */
async function expectChip(session: EspSession, request: FlashRequest, options: EspOptions): Promise<Found> {
  let { chip, found, security } = await findChip(session);
  if (chip !== expectedChip(options)) ({ chip, found, security } = await findChip(session));
  if (chip !== expectedChip(options))
    fail('flash.chip', { board: request.link.name, found: `an ${found}`, expected: expectedChip(options).name });
  const locked = security.secureBoot ? 'secure boot' : security.encrypted ? 'flash encryption' : undefined;
  if (locked)
    fail('flash.refused', {
      board: request.link.name,
      what: 'to run an unsigned, unencrypted program',
      reason: `${locked} is switched on in its eFuses`,
    });
  return { chip: chip as EspChip, security };
}

/** The identity of the flash, by one user-defined command of the SPI controller; undefined while it does not finish. */
async function readJedecId(session: EspSession, { spi }: EspChip): Promise<number | undefined> {
  const commandRegister = spi.base;
  const start = 1 << 18;
  const saved = [await session.readRegister(spi.base + spi.usr), await session.readRegister(spi.base + spi.usr2)];
  await session.writeRegister(spi.base + spi.misoBits, 24 - 1);
  await session.writeRegister(spi.base + spi.usr, 0x90000000); // a command phase, then one that reads
  await session.writeRegister(spi.base + spi.usr2, 0x70000000 + jedecReadId); // the command has 7 + 1 bits
  await session.writeRegister(spi.base + spi.data, 0);
  await session.writeRegister(commandRegister, start);
  let done = false;
  for (let i = 0; i < commandRunTimes && !done; i++)
    done = ((await session.readRegister(commandRegister)) & start) === 0;
  const id = await session.readRegister(spi.base + spi.data);
  await session.writeRegister(spi.base + spi.usr, saved[0]);
  await session.writeRegister(spi.base + spi.usr2, saved[1]);
  return done ? id & 0xffffff : undefined;
}

/** What the ROM assumes where the flash cannot be asked (secure download mode): the largest that 3-byte addresses reach. */
const assumedFlashBytes = 2 ** 24;

const refuseSilentFlash = ({ link }: FlashRequest): never =>
  fail('flash.refused', { board: link.name, what: 'to reach its flash', reason: 'the flash chip is silent' });

/** `endOffset` is what the ROM takes for the flash's size. Bytes of the flash chip, or undefined where it cannot be asked. */
async function attachFlash(
  session: EspSession,
  request: FlashRequest,
  chip: EspChip,
  security: Security,
  endOffset: number | undefined,
): Promise<number | undefined> {
  await session.request({ op: espOp.spiAttach, data: session.stub ? words(0) : words(0, 0) });
  const id = security.secureDownload ? undefined : await readJedecId(session, chip);
  if (id === 0 || id === 0xffffff) refuseSilentFlash(request);
  const flashBytes = id === undefined ? undefined : flashBytesOfJedec(id);
  const params = words(0, endOffset ?? flashBytes ?? assumedFlashBytes, 0x10000, espSectorBytes, 0x100, 0xffff);
  await session.request({ op: espOp.spiSetParams, data: params });
  return flashBytes;
}

/** Where the faster speed does not work, the chip is reset and found again at the first one. */
async function changeSpeed(
  session: EspSession,
  request: FlashRequest,
  options: EspOptions,
  again: () => Promise<void>,
) {
  const { link } = request;
  const { writeBaud, baud = espRomBaud } = options;
  if (writeBaud === undefined || writeBaud === baud || !link.can.baud || !link.setFormat) return;
  await session.request({ op: espOp.changeBaud, data: words(writeBaud, session.stub ? baud : 0) });
  await link.setFormat({ baud: writeBaud });
  await session.pause(50);
  try {
    await espResync(session);
  } catch (error) {
    if (error instanceof LinkClosed) throw error;
    request.onStep?.(`${writeBaud} baud does not work here; going on with ${baud}`);
    await again();
  }
}

async function startProgram(session: EspSession, request: FlashRequest, options: EspOptions): Promise<void> {
  const { link } = request;
  if (link.can.baud) await link.setFormat?.({ baud: options.baud ?? espRomBaud });
  if (link.can.lines) {
    session.discard();
    await playSequence(link, options.leave, { sleep: (ms) => session.pause(ms) });
    return;
  }
  // Without lines the loader itself is asked: the ROM restarts at the end of a write (of nothing), the stub runs code.
  if (session.stub) return session.send({ op: espOp.runUserCode, data: new Uint8Array(0) });
  await session.request({
    op: espOp.flashBegin,
    data: words(0, 0, 0x400, 0, 0).subarray(0, expectedChip(options).beginHasFifthWord ? 20 : 16),
  });
  await session.send({ op: espOp.flashEnd, data: words(0) });
}

/** The blocks of the board file that the chip's flash has. */
function blocksWithin(options: EspOptions, flashBytes: number): EraseBlock[] {
  const end = Number(options.flashBase) + flashBytes;
  return eraseBlocks(options.blocks).filter((block) => blockEnd(block) <= end);
}

interface Found {
  chip: EspChip;
  security: Security;
}

export const connectEspRom: ConnectFlash<EspOptions> = async (request, options) => {
  const session = new EspSession(request.link, request.timeScale ?? 1);
  const open = async (): Promise<Found> => {
    await reach(session, request, options);
    return expectChip(session, request, options);
  };
  const found = await told(request, 'connecting', open);
  const code = options.stub || found.security.secureDownload ? undefined : ramLoaderFor(options.chip);
  const byLoader = code && (await connectLoader(request, options, session, found, open, code));
  if (byLoader) return byLoader;
  // What was started in RAM may run still.
  if (code) await told(request, 'connecting', open);
  return connectAlone(request, options, session, found, open);
};

const withoutLoader =
  'the ROM alone writes the flash: a command damaged on the line is not noticed before it has acted, only afterwards';

/** Undefined where the loader does not run, though the line is good enough to have put it into RAM and to have verified it. */
async function connectLoader(
  request: FlashRequest,
  options: EspOptions,
  session: EspSession,
  { chip, security }: Found,
  open: () => Promise<Found>,
  code: RamLoaderCode,
): Promise<FlashMemory | undefined> {
  const speed = () => changeSpeed(session, request, options, async () => void (await open()));
  const reachAgain = async () => {
    await open();
    await speed();
  };
  const flash = new RamLoaderFlash({
    session,
    code,
    startCore: (loader) => startEspLoader(session, loader, code),
    reach: reachAgain,
    assumedFlashBytes,
  });
  const started = await told(request, 'preparing the flash', async () => {
    request.onStep?.("loading mote's loader");
    await speed();
    return flash.startTried();
  });
  if (!started) return undefined;
  if (flash.jedecId === 0 || flash.jedecId === 0xffffff) refuseSilentFlash(request);
  const base = Number(options.flashBase);
  return {
    chip: describeChip([chip.name, flashText(flash.flashBytes), "mote's loader"], security),
    blocks: blocksWithin(options, flash.flashBytes ?? assumedFlashBytes),
    writeAlignBytes: espSectorBytes,
    erasedByte: 0xff,
    announce: (blocks) => told(request, 'preparing the flash', () => flash.announce(blocks, base)),
    write: (address, bytes, onBytes) => told(request, 'writing', () => flash.write(address - base, bytes, onBytes)),
    read: (address, count, onBytes) => told(request, 'reading', () => flash.read(address - base, count, onBytes)),
    digest: (address, count) =>
      told(request, 'verifying', async () => {
        const md5 = await flash.digest(address - base, count);
        return { kind: 'md5', hex: Buffer.from(md5).toString('hex') };
      }),
    start: () => told(request, 'starting the program', () => leaveLoader(flash, session, request, options)),
  };
}

async function leaveLoader(flash: RamLoaderFlash, session: EspSession, request: FlashRequest, options: EspOptions) {
  if (request.link.can.lines) return startProgram(session, request, options);
  await flash.restart();
  if (request.link.can.baud) await request.link.setFormat?.({ baud: options.baud ?? espRomBaud });
}

/** By the commands of the ROM, or of a stub. */
async function connectAlone(
  request: FlashRequest,
  options: EspOptions,
  session: EspSession,
  { chip, security }: Found,
  open: () => Promise<Found>,
): Promise<FlashMemory> {
  const begin = async () => {
    if (!options.stub || security.secureDownload || session.stub) return;
    request.onStep?.('loading the stub');
    await loadEspStub(session, options.stub);
  };
  const again = async () => {
    await open();
    await begin();
  };
  if (!options.stub) request.onStep?.(withoutLoader);
  await told(request, 'connecting', begin);
  let endOffset: number | undefined;
  const attach = () => attachFlash(session, request, chip, security, endOffset);
  const flashBytes = await told(request, 'preparing the flash', async () => {
    await changeSpeed(session, request, options, again);
    return espRetried(session, attach);
  });
  const base = Number(options.flashBase);
  const context = { session, chip, attach };
  return {
    chip: describeChip([chip.name, flashText(flashBytes), session.stub && 'stub'], security),
    blocks: blocksWithin(options, flashBytes ?? 2 ** 32),
    writeAlignBytes: espSectorBytes,
    erasedByte: 0xff,
    // The ROM refuses what lies behind the end of the flash (ESP-IDF components/esp_rom/patches/esp_rom_spiflash.c has its
    // checks): it is told that this is the end of the image.
    ...(!session.stub && {
      announce: async (touched) => {
        endOffset = Math.max(...touched.map(blockEnd)) - base;
        await told(request, 'preparing the flash', () => espRetried(session, attach));
      },
    }),
    write: (address, bytes, onBytes) =>
      told(request, 'writing', () => espWrite(context, address - base, bytes, onBytes)),
    digest: (address, length) =>
      told(request, 'verifying', async () => {
        const hex = await espRetried(session, () => espMd5(session, address - base, length), attach);
        return { kind: 'md5', hex };
      }),
    ...(!session.stub && !security.secureDownload && { read: reader(request, session, base, attach) }),
    start: () => told(request, 'starting the program', () => startProgram(session, request, options)),
  };
}

/** The stub lacks the ROM's read command; what lies beside an image is then lost, and the report says so. */
function reader(
  request: FlashRequest,
  session: EspSession,
  base: number,
  attach: () => Promise<unknown>,
): NonNullable<FlashMemory['read']> {
  return (address, count, onBytes) =>
    told(request, 'reading', async () => {
      const bytes = await espRetried(session, () => espRead(session, address - base, count), attach);
      onBytes(count);
      return bytes;
    });
}

const flashText = (flashBytes: number | undefined) => flashBytes && `${flashBytes / 2 ** 20} MiB of flash`;

function describeChip(parts: (string | number | false | undefined)[], security: Security): string {
  return [...parts, security.secureDownload && 'secure download mode'].filter(Boolean).join(', ');
}
