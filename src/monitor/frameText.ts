// SPDX-License-Identifier: Apache-2.0
// A framed message of mote's firmware in words.
import {
  type CommandName,
  checkStatus,
  command,
  decodeHello,
  decodeMessage,
  decodeStatus,
  decodeWindow,
  noSession,
  ProtocolError,
  type Response,
} from '../device/protocol.js';

const names = new Map<number, CommandName>(
  (Object.entries(command) as [CommandName, number][]).map(([name, code]) => [code, name]),
);

const interruptWords = { off: 'off', counter: "off but the counter's own", on: 'ON' } as const;

const window = (body: Uint8Array): string => {
  const { result, ticks, guardIntact } = decodeWindow(body);
  return `result ${result}, ${ticks} ticks${guardIntact ? '' : ', memory around the arena OVERWRITTEN'}`;
};

const bodies: Record<CommandName, (body: Uint8Array) => string> = {
  hello: (body) => {
    const h = decodeHello(body);
    return `model ${h.model} ${h.hash}, ${h.layers} layers, arena ${h.arenaBytes} bytes, ${h.clockHz / 1e6} MHz, counts ${h.counterKind}`;
  },
  write: () => 'done',
  read: (body) => `${body.length} bytes`,
  run: window,
  step: window,
  batch: window,
  reset: () => 'done',
  status: (body) => {
    const s = decodeStatus(body);
    return `stack ${s.stackUsedBytes} of ${s.stackReservedBytes} bytes, empty window ${s.emptyTicks} ticks${s.interrupts ? `, interrupts ${interruptWords[s.interrupts]}` : ''}${s.guardIntact ? '' : ', memory around the arena OVERWRITTEN'}`;
  },
};

function answerText(response: Response, name: CommandName): string {
  if (response.status === noSession) return 'refused: no HELLO since the reset';
  try {
    checkStatus(response);
    return bodies[name](response.body);
  } catch (error) {
    if (error instanceof ProtocolError) return error.message;
    throw error;
  }
}

export function frameText(payload: Uint8Array): string {
  const message = decodeMessage(payload);
  if (message?.kind === 'fault') {
    const word = (value: number) => `0x${value.toString(16).padStart(8, '0')}`;
    return `FAULT  cause ${word(message.cause)} at ${word(message.pc)}`;
  }
  const name = message && names.get(message.command);
  if (!message || !name) return `${payload.length} bytes of no known message`;
  return `${name.toUpperCase()} ${message.sequence}  ${answerText(message, name)}`;
}
