// SPDX-License-Identifier: Apache-2.0
// A board to try flashing with, without a board: npx tsx tools/virtualBoard.ts [TCP-PORT]
//   mote flash PACK --board stm32f405-virtual --port tcp:127.0.0.1:TCP-PORT
//   mote run PACK --board stm32f405-virtual --port tcp:127.0.0.1:TCP-PORT
// Return presses its reset button, BOOT0 high: the boot loader waits again. Its flash forgets when this program ends.
import { createInterface } from 'node:readline';
import { loadBoard } from '../src/build/boards.js';
import { startVirtualStm32 } from '../src/flash/testing/virtualStm32.js';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const tcpPort = Number(process.argv[2] ?? 4405);
if (!(Number.isInteger(tcpPort) && tcpPort >= 0 && tcpPort < 65536)) {
  say('usage: npx tsx tools/virtualBoard.ts [TCP-PORT]');
  process.exit(2);
}
const board = loadBoard('stm32f405-virtual');
const virtual = await startVirtualStm32(board, { tcpPort, onEvent: say });
say(`${board.name} waits in its boot loader: --board ${board.id} --port ${virtual.port}`);
say('Return: reset into the boot loader; Ctrl-C: end');
const lines = createInterface({ input: process.stdin });
lines.on('line', () => void virtual.reset());
process.once('SIGINT', () => void virtual.close().then(() => process.exit(0)));
