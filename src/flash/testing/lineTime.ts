// SPDX-License-Identifier: Apache-2.0
// Test only: how long a serial line is busy, in characters. The line is half duplex in practice, because every request
// waits for its answer; each change of direction costs one more character, the gap in which the other side reacts.
import type { Link } from '../../link/link.js';

export interface LineTime {
  toBoard: number;
  toHost: number;
  turns: number;
}

export const characters = ({ toBoard, toHost, turns }: LineTime): number => toBoard + toHost + turns;

export function lineTime(link: Link): { link: Link; time: LineTime } {
  const time: LineTime = { toBoard: 0, toHost: 0, turns: 0 };
  let last: 'toBoard' | 'toHost' | undefined;
  const count = (direction: 'toBoard' | 'toHost', bytes: number) => {
    time[direction] += bytes;
    if (last !== undefined && last !== direction) time.turns++;
    last = direction;
  };
  const counting: Link = {
    ...link,
    write: (bytes) => {
      count('toBoard', bytes.length);
      return link.write(bytes);
    },
    onData: (listener) =>
      link.onData((bytes) => {
        count('toHost', bytes.length);
        listener(bytes);
      }),
  };
  return { link: counting, time };
}
