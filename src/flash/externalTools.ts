// SPDX-License-Identifier: Apache-2.0
// Programs of others that flash boards: what they are called, how they say their version, where they come from. Board
// files name them in their `external` methods; doctor looks for all of them.

export interface ExternalTool {
  /** Names under which the program is installed, the most usual first. */
  programs: string[];
  versionArgs: string[];
  /** Where to get it, in a sentence. */
  from: string;
}

export const externalTools: Readonly<Record<string, ExternalTool>> = {
  openocd: { programs: ['openocd'], versionArgs: ['--version'], from: 'Debian: apt-get install openocd; openocd.org' },
  pyocd: { programs: ['pyocd'], versionArgs: ['--version'], from: 'pyocd.io' },
  'probe-rs': { programs: ['probe-rs'], versionArgs: ['--version'], from: 'probe.rs' },
  picotool: { programs: ['picotool'], versionArgs: ['version'], from: 'github.com/raspberrypi/picotool' },
  nrfutil: { programs: ['nrfutil'], versionArgs: ['--version'], from: 'nordicsemi.com, nRF Util' },
  west: { programs: ['west'], versionArgs: ['--version'], from: 'docs.zephyrproject.org' },
  'dfu-util': { programs: ['dfu-util'], versionArgs: ['--version'], from: 'Debian: apt-get install dfu-util' },
  stm32programmer: {
    programs: ['STM32_Programmer_CLI', 'STM32_Programmer.sh'],
    versionArgs: ['--version'],
    from: 'st.com, STM32CubeProgrammer',
  },
  bossac: { programs: ['bossac'], versionArgs: ['--help'], from: 'Debian: apt-get install bossa-cli' },
  'rfp-cli': { programs: ['rfp-cli'], versionArgs: ['-h'], from: 'renesas.com, Renesas Flash Programmer' },
};
