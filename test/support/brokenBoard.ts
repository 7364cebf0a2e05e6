// SPDX-License-Identifier: Apache-2.0
// A board behind a TCP port that speaks runtime-c/firmware/PROTOCOL.md and breaks down as it is told; its clock is this
// machine's, times a ratio.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { PackManifest } from '../../src/generated/pack.js';
import { encodeFrame, FrameDecoder } from '../../src/link/frame.js';

export interface BoardFaults {
  /** Answers everything with noise. */
  garbage?: boolean;
  /** No answer to WRITEs from this one on (counted from 1). */
  silentFromWrite?: number;
  /** Resets in the midst of this RUN or STEP, counted together. */
  resetInWindow?: number;
  /** The counter stands still from this RUN on. */
  stuckFromRun?: number;
  /** The clock over what HELLO says. */
  clockRatio?: number;
  /** Does not know BATCH. */
  noAgent?: boolean;
  /** Built with --no-layers. */
  noLayers?: boolean;
  /** What STATUS says of them; left out as older firmware does. */
  interrupts?: number;
  /** What a run takes, of a clock of a million a second. */
  runTicks?: number;
  /** The marker pin, in nanoseconds of performance.now(). */
  onMarker?: (high: boolean, nanos: number) => void;
  onBatch?: (index: number) => void;
  onWrite?: () => void;
  /** Before each RUN and STEP, counted together. */
  onWindow?: (index: number) => void;
}

export interface BrokenBoard {
  port: string;
  close(): void;
}

const statedHz = 1_000_000;
const usualRunTicks = 4000;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const nowNanos = () => performance.now() * 1e6;

export async function startBrokenBoard(manifest: PackManifest, faults: BoardFaults = {}): Promise<BrokenBoard> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    serve(socket, manifest, faults);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function serve(socket: Socket, manifest: PackManifest, faults: BoardFaults): void {
  const decoder = new FrameDecoder(2000);
  const state = { greeted: false, writes: 0, windows: 0, runs: 0, batches: 0, busy: false };
  const arena = new Uint8Array(manifest.arenaBytes);
  const { runTicks = usualRunTicks } = faults;

  const window = (ticks: number) => {
    const body = new DataView(new ArrayBuffer(13));
    body.setBigUint64(4, BigInt(Math.round(ticks)), true);
    body.setUint8(12, 1);
    return [0, ...new Uint8Array(body.buffer)];
  };
  /** Counts what this machine's clock says, as a counter does. */
  const work = async (ticks: number): Promise<number> => {
    const start = nowNanos();
    const hz = statedHz * (faults.clockRatio ?? 1);
    await sleep((ticks / hz) * 1000);
    return ((nowNanos() - start) / 1e9) * hz;
  };
  const batch = async (request: Uint8Array) => {
    faults.onBatch?.(++state.batches);
    const pulse = () => {
      faults.onMarker?.(false, nowNanos());
      faults.onMarker?.(true, nowNanos() + 100_000);
    };
    pulse();
    const inferences = new DataView(request.buffer, request.byteOffset).getUint32(2, true);
    const ticks = await work((inferences * runTicks) / (request.length > 6 ? manifest.layers.length : 1));
    pulse();
    return window(ticks);
  };
  const hello = () => {
    const body = Buffer.alloc(27);
    body.set([1, 1]);
    body.writeUInt16LE(manifest.layers.length, 2);
    body.writeUInt32LE(statedHz, 4);
    body.writeUInt32LE(statedHz, 8);
    body.writeUInt32LE(manifest.arenaBytes, 12);
    body.writeUInt16LE(1024, 16);
    body.set(Buffer.from(manifest.hash.slice(0, 16), 'hex'), 18);
    body[26] = manifest.name.length;
    state.greeted = true;
    return [0, ...body, ...Buffer.from(manifest.name, 'latin1')];
  };
  /** Status and body; undefined: no answer. */
  const execute = async (request: Uint8Array): Promise<number[] | undefined> => {
    const [command] = request;
    if (command === 0x01) return hello();
    if (!state.greeted) return [4];
    if (command === 0x02) faults.onWrite?.();
    if (command === 0x02)
      return ++state.writes >= (faults.silentFromWrite ?? Number.POSITIVE_INFINITY) ? undefined : [0];
    if (command === 0x03) return [0, ...arena.subarray(0, request[6] | (request[7] << 8))];
    if (command === 0x06)
      return [
        0,
        1,
        100,
        0,
        0,
        0,
        0,
        4,
        0,
        0,
        0,
        0,
        0,
        0,
        ...(faults.interrupts === undefined ? [] : [faults.interrupts]),
      ];
    if (command === 0x05 && faults.noLayers) return [5];
    if (command === 0x07 && faults.noAgent) return [1];
    if (command !== 0x04 && command !== 0x05 && command !== 0x07) return [1];
    if (++state.windows === faults.resetInWindow) {
      state.greeted = false;
      return undefined;
    }
    faults.onWindow?.(state.windows);
    if (command === 0x07) return batch(request);
    if (command === 0x05) return window(runTicks / manifest.layers.length);
    const stuck = ++state.runs >= (faults.stuckFromRun ?? Number.POSITIVE_INFINITY);
    const ticks = await work(runTicks);
    return window(stuck ? 0 : faults.clockRatio === undefined ? runTicks : ticks);
  };
  socket.on('data', async (bytes) => {
    if (faults.garbage) return void socket.write(Buffer.from(bytes.map((b, i) => (b * 7 + i * 31) & 0xff)));
    for (const request of decoder.push(bytes)) {
      if (state.busy) continue;
      state.busy = true;
      const answer = await execute(request);
      state.busy = false;
      if (answer) socket.write(encodeFrame(Uint8Array.from([request[0] | 0x80, request[1], ...answer])));
    }
  });
}
