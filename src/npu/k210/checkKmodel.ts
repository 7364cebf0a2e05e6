// SPDX-License-Identifier: Apache-2.0
// Rules of the KPU that its functional model does not see: limits, layout words that the model derives from the width
// instead of reading them, weight loads, rows of two maps over each other.
// Sources: nncase v0.2 (k210_ops_emit.cpp, runtime_op_utility.h), the K210 FAQ's limits; reference page of the project.
import type { Finding } from '../npuFile.js';
import type { Kmodel, KmodelNode, KpuConvNode } from './kmodel.js';
import { kpuRows, mapRows, rowLayout } from './kpuMemory.js';
import { convOf, outputMapOf } from './runKmodel.js';

/** Bytes of weights that one pass takes from its buffer. */
export const weightLoadBytes = 30 * 1024;

interface Rule {
  text(node: KpuConvNode): string | undefined;
}

const outOf = (what: string, value: number, least: number, most: number): string | undefined =>
  value < least || value > most ? `${what} is ${value}, the KPU takes ${least} to ${most}` : undefined;

const differs = (what: string, got: number, wanted: number): string | undefined =>
  got === wanted ? undefined : `${what} is ${got}, this shape wants ${wanted}`;

/** Channels per weight load, as many as the buffer holds. */
function loadChannels(node: KpuConvNode): number {
  const outputs = node.layer.outputChannelsM1 + 1;
  if (node.layer.depthwise) return outputs;
  return Math.min(outputs, Math.floor(weightLoadBytes / (node.weights.length / outputs)));
}

const rules: readonly Rule[] = [
  { text: ({ layer }) => outOf('input width', layer.inputWidthM1 + 1, 4, 512) },
  { text: ({ layer }) => outOf('input height', layer.inputHeightM1 + 1, 4, 256) },
  { text: ({ layer }) => outOf('output width', layer.outputWidthM1 + 1, 4, 512) },
  { text: ({ layer }) => outOf('output height', layer.outputHeightM1 + 1, 4, 256) },
  { text: ({ layer }) => differs('row switch', layer.rowSwitch, rowLayout(layer.inputWidthM1 + 1).rowsPerLine) },
  {
    text: ({ layer }) =>
      differs(
        'channel switch',
        layer.channelSwitch,
        rowLayout(layer.inputWidthM1 + 1).rowsPerLine * (layer.inputHeightM1 + 1),
      ),
  },
  {
    text: ({ layer }) =>
      differs('channels per row', layer.channelsPerRow, rowLayout(layer.inputWidthM1 + 1).channelsPerRow),
  },
  {
    text: ({ layer }) =>
      differs('written row switch', layer.writeRowSwitch, rowLayout(layer.outputWidthM1 + 1).rowsPerLine),
  },
  {
    text: ({ layer }) =>
      differs(
        'written channel switch',
        layer.writeChannelSwitch,
        rowLayout(layer.outputWidthM1 + 1).rowsPerLine * (layer.outputHeightM1 + 1),
      ),
  },
  {
    text: ({ layer }) =>
      differs('written channels per row', layer.writeChannelsPerRow, rowLayout(layer.outputWidthM1 + 1).channelsPerRow),
  },
  { text: (node) => differs('channels per load', node.layer.channelsPerLoadM1 + 1, loadChannels(node)) },
  {
    text: (node) =>
      differs(
        'weight loads',
        node.layer.loadsM1 + 1,
        Math.ceil((node.layer.outputChannelsM1 + 1) / loadChannels(node)),
      ),
  },
  {
    text: (node) => {
      const perChannel = node.weights.length / (node.layer.outputChannelsM1 + 1);
      return differs('bytes per load', node.layer.bytesPerLoad, perChannel * loadChannels(node));
    },
  },
  {
    text: ({ layer }) => {
      const map = outputMapOf(layer);
      return layer.sendDataOut
        ? differs('output bytes', layer.outputBytesM1 + 1, map.channels * map.height * map.width)
        : undefined;
    },
  },
  {
    text: ({ stray }) =>
      stray.length ? `bits are set that have no meaning (word:mask ${stray.join(', ')})` : undefined,
  },
  { text: overlapText },
  {
    text: ({ segments }) =>
      segments.some((s, i) => i > 0 && s.start < segments[i - 1].start) ? 'activation segments do not rise' : undefined,
  },
  {
    text: ({ segments }) =>
      segments.some((s) => s.multiplier < 0)
        ? 'an activation segment falls: the simulator rounds its fractions twice, no board has been asked'
        : undefined,
  },
];

/** Source and destination rows that overlap, or run past the RAM. */
function overlapText(node: KpuConvNode): string | undefined {
  const { layer } = node;
  const from = layer.sourceRow;
  const fromEnd = from + mapRows(convOf(node).input);
  const to = layer.destinationRow;
  const toEnd = to + mapRows(outputMapOf(layer));
  if (Math.max(fromEnd, toEnd) > kpuRows) return `its maps end at row ${Math.max(fromEnd, toEnd)} of ${kpuRows}`;
  return from < toEnd && to < fromEnd
    ? `it writes rows ${to} to ${toEnd - 1} over its input at ${from} to ${fromEnd - 1}`
    : undefined;
}

const isConv = (node: KmodelNode): node is KpuConvNode => node.op === 'kpuConv2d';

/** Every broken rule of every layer. */
export function checkKmodel(model: Kmodel): Finding[] {
  return model.nodes.flatMap((node, operation) =>
    isConv(node) ? rules.flatMap((rule) => rule.text(node) ?? []).map((text) => ({ operation, text })) : [],
  );
}
