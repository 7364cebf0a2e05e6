// SPDX-License-Identifier: Apache-2.0
// A board to try flashing with, without a board: npx tsx tools/virtualBoard.ts [BOARD] [TCP-PORT]
//   mote flash PACK --board BOARD --port tcp:127.0.0.1:TCP-PORT
//   mote run PACK --board BOARD --port tcp:127.0.0.1:TCP-PORT
// BOARD is stm32f405-virtual (when left out) or maix-bit. Return presses its reset button, strapped to its boot loader:
// that waits again. Its flash forgets when this program ends.
import { createInterface } from 'node:readline';
import { loadBoard } from '../src/build/boards.js';
import { startVirtualK210 } from '../src/flash/testing/startVirtualK210.js';
import { startVirtualStm32 } from '../src/flash/testing/virtualStm32.js';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
interface Started {
  readonly port: string;
  reset(): Promise<void> | void;
  close(): Promise<void>;
}
const boards: Record<string, (tcpPort: number) => Promise<Started>> = {
  'stm32f405-virtual': (tcpPort) => startVirtualStm32(loadBoard('stm32f405-virtual'), { tcpPort, onEvent: say }),
  'maix-bit': (tcpPort) => startVirtualK210({ tcpPort, onEvent: say }),
};
const args = process.argv.slice(2);
const id = args[0] !== undefined && !/^\d+$/.test(args[0]) ? (args.shift() as string) : 'stm32f405-virtual';
const tcpPort = Number(args[0] ?? 4405);
if (!Object.hasOwn(boards, id) || !(Number.isInteger(tcpPort) && tcpPort >= 0 && tcpPort < 65536)) {
  say(`usage: npx tsx tools/virtualBoard.ts [${Object.keys(boards).join(' | ')}] [TCP-PORT]`);
  process.exit(2);
}
const board = loadBoard(id);
const virtual = await boards[id](tcpPort);
say(`${board.name} waits in its boot loader: --board ${board.id} --port ${virtual.port}`);
say('Return: reset into the boot loader; Ctrl-C: end');
const lines = createInterface({ input: process.stdin });
lines.on('line', () => void virtual.reset());
process.once('SIGINT', () => void virtual.close().then(() => process.exit(0)));
