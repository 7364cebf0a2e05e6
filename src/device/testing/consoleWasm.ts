// SPDX-License-Identifier: Apache-2.0
// Test only: the firmware's own C console in this process, behind a memory link that can be made to misbehave.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withWorkFolder } from '../../build/workFolder.js';
import type { Link } from '../../link/link.js';
import { memoryLink } from '../../link/memoryLink.js';
import { compileWasm } from '../../link/testing/compileWasm.js';
import { packageRoot } from '../../packageRoot.js';

const boardH = `
#define MOTE_CLOCK_HZ 50000000u
#define MOTE_COUNTER_HZ 25000000u
#define MOTE_COUNTER_UNIT 3
#define MOTE_STACK_BYTES 4096u
#define MOTE_CHUNK_BYTES 1024u
#define MOTE_GUARD_BYTES 256u
`;
const modelH = `
#define MOTE_MODEL_NAME "harness"
#define MOTE_MODEL_HASH_BYTES {1, 2, 3, 4, 5, 6, 7, 8}
#define MOTE_MODEL_ARENA_BYTES 3000
#define MOTE_MODEL_LAYERS 2
static inline int mote_model_reset(uint8_t *arena) { (void)arena; return 0; }
`;

/** Compiled once per test file. */
export async function compileConsole(): Promise<Uint8Array> {
  return withWorkFolder(async (folder) => {
    await writeFile(join(folder, 'mote_board.h'), boardH);
    await writeFile(join(folder, 'mote_model.h'), modelH);
    const firmware = join(packageRoot, 'runtime-c', 'firmware');
    const harness = fileURLToPath(new URL('console_harness.c', import.meta.url));
    return compileWasm([harness, join(firmware, 'console.c'), join(firmware, 'frame.c')], [folder, firmware]);
  });
}

interface ConsoleExports {
  harness_begin(): void;
  harness_take(byte: number): void;
  harness_fault(cause: number, pc: number): void;
  harness_set(result: number, guardIntact: number): void;
  harness_runs(): number;
}

/** What the wire does to the bytes of one transfer: bytes out, in order. */
export type Wire = (bytes: Uint8Array) => Uint8Array;

const perfect: Wire = (bytes) => bytes;

export interface FakeBoard {
  link: Link;
  /** How often the model or a layer was really run. */
  runs(): number;
  set(result: number, guardIntact: boolean): void;
  fault(cause: number, pc: number): void;
  break(reason: string): void;
}

export async function startConsole(
  wasm: Uint8Array,
  toBoard: Wire = perfect,
  toHost: Wire = perfect,
): Promise<FakeBoard> {
  const { near, far } = memoryLink('console');
  const sent: number[] = [];
  const { instance } = await WebAssembly.instantiate(new Uint8Array(wasm), {
    env: { uart_put: (b: number) => void sent.push(b & 0xff) },
  });
  const board = instance.exports as unknown as ConsoleExports;
  board.harness_begin();
  const flush = () => {
    const bytes = toHost(Uint8Array.from(sent.splice(0)));
    if (bytes.length > 0) setImmediate(() => far.send(bytes));
  };
  far.onData((bytes) => {
    for (const byte of toBoard(bytes)) board.harness_take(byte);
    flush();
  });
  return {
    link: near,
    runs: () => board.harness_runs(),
    set: (result, guardIntact) => board.harness_set(result, guardIntact ? 1 : 0),
    fault: (cause, pc) => {
      board.harness_fault(cause, pc);
      flush();
    },
    break: (reason) => far.break(reason),
  };
}
