// SPDX-License-Identifier: Apache-2.0
// What is typed or piped into a command. A terminal is put into raw mode, so that each key goes out at once, and put back.

export interface Keyboard {
  isTerminal: boolean;
  close(): void;
}

export function openKeyboard(onBytes: (bytes: Uint8Array) => void): Keyboard {
  const { stdin } = process;
  const isTerminal = stdin.isTTY === true;
  const take = (bytes: Buffer) => onBytes(bytes);
  // Of a closed or missing input nothing comes, and that is no error.
  const ignore = () => undefined;
  if (isTerminal) stdin.setRawMode(true);
  stdin.on('data', take).on('error', ignore);
  return {
    isTerminal,
    close: () => {
      stdin.off('data', take);
      if (isTerminal) stdin.setRawMode(false);
      stdin.pause();
      stdin.unref?.();
    },
  };
}
