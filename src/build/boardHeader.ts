// SPDX-License-Identifier: Apache-2.0
// Board -> mote_board.h, by which the firmware knows its board. src/build/firmware.ts describes the contract.
import type { Board } from '../generated/board.js';

export const chunkBytes = 1024;
export const guardBytes = 256;

const uartMacros: Record<Board['console']['uart'], readonly string[]> = {
  cmsdk: ['MOTE_UART_CMSDK'],
  pl011: ['MOTE_UART_PL011'],
  ns16550: ['MOTE_UART_NS16550'],
  'stm32-usart-v1': ['MOTE_UART_STM32_V1'],
  'stm32-usart-v2': ['MOTE_UART_STM32_V2'],
  'stm32-lpuart': ['MOTE_UART_STM32_V2', 'MOTE_UART_LPUART'],
  'nrf-uart': ['MOTE_UART_NRF'],
  sercom: ['MOTE_UART_SERCOM'],
  'esp-uart': ['MOTE_UART_ESP'],
  'esp-uart-v2': ['MOTE_UART_ESP_V2'],
  'sci-b': ['MOTE_UART_SCI_B'],
  'sifive-uart': ['MOTE_UART_SIFIVE'],
  other: [],
};

const counterMacros: Record<Board['counter']['kind'], string> = {
  dwt: 'MOTE_COUNTER_DWT',
  systick: 'MOTE_COUNTER_SYSTICK',
  mmio: 'MOTE_COUNTER_MMIO',
  minstret: 'MOTE_COUNTER_MINSTRET',
  mcycle: 'MOTE_COUNTER_MCYCLE',
  mpccr: 'MOTE_COUNTER_MPCCR',
  pmu: 'MOTE_COUNTER_PMU',
};

/** PROTOCOL.md, HELLO. */
const counterUnits = { cycles: 1, instructions: 2, ticks: 3 } as const;

const naturalUnit: Record<Board['counter']['kind'], keyof typeof counterUnits> = {
  dwt: 'cycles',
  systick: 'cycles',
  mmio: 'ticks',
  minstret: 'instructions',
  mcycle: 'cycles',
  mpccr: 'cycles',
  pmu: 'cycles',
};

export function boardHeader(board: Board, stackBytes: number): string {
  const { console: uart, counter } = board;
  const values: [string, string][] = [
    ['MOTE_BOARD_ID', `"${board.id}"`],
    ['MOTE_CLOCK_HZ', `${board.clockHz}u`],
    ...uartMacros[uart.uart].map((m): [string, string] => [m, '1']),
    ['MOTE_UART_BASE', `${uart.base}u`],
    ['MOTE_UART_CLOCK_HZ', `${uart.clockHz ?? board.clockHz}u`],
    ['MOTE_UART_BAUD', `${uart.baud}u`],
    ...(uart.txPin === undefined ? [] : [['MOTE_UART_TX_PIN', `${uart.txPin}u`] as [string, string]]),
    ...(uart.rxPin === undefined ? [] : [['MOTE_UART_RX_PIN', `${uart.rxPin}u`] as [string, string]]),
    [counterMacros[counter.kind], '1'],
    ['MOTE_COUNTER_BASE', `${counter.base ?? '0x0'}u`],
    ['MOTE_COUNTER_HZ', `${counter.hz ?? board.clockHz}u`],
    ['MOTE_COUNTER_UNIT', String(counterUnits[counter.unit ?? naturalUnit[counter.kind]])],
    ['MOTE_STACK_BYTES', `${stackBytes}u`],
    ['MOTE_CHUNK_BYTES', `${chunkBytes}u`],
    ['MOTE_GUARD_BYTES', `${guardBytes}u`],
    ...markerMacros(board.marker),
  ];
  const lines = values.map(([name, value]) => `#define ${name} ${value}`);
  return `// Made from boards/${board.id}.json; do not edit.\n#ifndef MOTE_BOARD_H\n#define MOTE_BOARD_H\n${lines.join('\n')}\n#endif\n`;
}

/** marker.h. */
function markerMacros(marker: Board['marker']): [string, string][] {
  if (!marker) return [];
  const rows = marker.setup.map((r) => `{${r.address}u, ${r.clear ?? '0x0'}u, ${r.set ?? '0x0'}u}`);
  return [
    ['MOTE_MARKER_SETUP', `{${rows.join(', ')}}`],
    ['MOTE_MARKER_HIGH_ADDRESS', `${marker.high.address}u`],
    ['MOTE_MARKER_HIGH_VALUE', `${marker.high.value}u`],
    ['MOTE_MARKER_LOW_ADDRESS', `${marker.low.address}u`],
    ['MOTE_MARKER_LOW_VALUE', `${marker.low.value}u`],
  ];
}
