// SPDX-License-Identifier: Apache-2.0
// uint8 quantized tensors of an ONNX model become int8: q - 128 with zeroPoint - 128 is the same real number.
// TFLite models keep what they declare: there uint8 is the application's own input format.
import { type Graph, NO_TENSOR, type Node, perTensorQuant, type Tensor } from '../model/graph.js';
import { isWeighted } from './affine.js';
import { GraphEditor } from './editor.js';
import { integerWeights } from './integerWeights.js';

export function shiftUnsigned(source: Graph): Graph {
  if (source.source.format !== 'onnx') return source;
  const editor = new GraphEditor(source);
  source.tensors.forEach((tensor, id) => {
    if (tensor.dtype === 'uint8' && tensor.quant) editor.setTensor(id, shifted(tensor));
  });
  for (const node of editor.list()) if (isWeighted(node)) centreWeights(editor, node);
  return editor.finish();
}

/** Integer layers (QLinearConv) whose weights have a zero point: kernels want them around zero. */
function centreWeights(editor: GraphEditor, node: Node): void {
  const [x, w, y] = [node.inputs[0], node.inputs[1], node.outputs[0]].map((id) => editor.tensor(id));
  if (y.dtype !== 'int8' || w.dtype !== 'int8' || !w.quant?.zeroPoints.some((z) => z !== 0)) return;
  const scales = { input: perTensorQuant(x).scale, output: perTensorQuant(y).scale };
  const constants = integerWeights(editor, node, scales);
  if (!constants) return;
  const { weights, bias } = constants;
  editor.update(node, { inputs: [node.inputs[0], weights, ...(bias === NO_TENSOR ? [] : [bias])] });
}

function shifted(tensor: Tensor): Partial<Tensor> {
  const quant = tensor.quant && { ...tensor.quant, zeroPoints: tensor.quant.zeroPoints.map((z) => z - 128) };
  const data = tensor.data && Int8Array.from(tensor.data as Uint8Array, (q) => q - 128);
  return { dtype: 'int8', ...(quant ? { quant } : {}), ...(data ? { data } : {}) };
}
