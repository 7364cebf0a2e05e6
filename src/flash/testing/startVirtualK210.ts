// SPDX-License-Identifier: Apache-2.0
// Test only: a virtual K210 behind a TCP port. IO16 is held low until the chip restarts by itself, as with a finger on the
// BOOT button while RESET is pressed: after flashing, the program runs. It outlives connections, as a board does.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { VirtualK210 } from './virtualK210.js';

export interface ServedK210 {
  /** What `--port` takes. */
  readonly port: string;
  readonly board: VirtualK210;
  /** Reset with IO16 low. */
  reset(): void;
  close(): Promise<void>;
}

export async function startVirtualK210(
  options: { tcpPort?: number; onEvent?: (text: string) => void } = {},
): Promise<ServedK210> {
  const { onEvent = () => undefined } = options;
  const board = new VirtualK210({ strapped: 'once' });
  const sockets = new Set<Socket>();
  // One at a time holds the wire.
  let speaker: Socket | undefined;
  board.link.onData((bytes) => void speaker?.write(bytes));
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => {
      speaker = socket;
      const before = board.chip.running;
      void board.link.write(Uint8Array.from(bytes));
      const { running } = board.chip;
      if (running !== before) onEvent(running === 'flashed' ? 'what was flashed runs' : `${running} runs`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.tcpPort ?? 0, '127.0.0.1', resolve);
  });
  return {
    port: `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`,
    board,
    reset: () => {
      board.pressReset();
      onEvent('reset with IO16 low: the boot ROM waits');
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
