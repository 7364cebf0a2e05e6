// SPDX-License-Identifier: Apache-2.0
// The line as a library: bytes -> Graph -> Plan -> C -> image -> device -> run -> page.
export { listBoards, listTargets, loadBoard, loadTarget } from './build/boards.js';
export { buildFirmware } from './build/firmware.js';
export { buildWasm } from './build/wasm.js';
export { MoteError } from './cli/errors.js';
export { runInputs } from './device/runInputs.js';
export { startDevice } from './device/startDevice.js';
export { HostModel, startHost } from './device/wasm.js';
export { emitPack } from './emit/pack.js';
export { parseFrontend } from './frontend/frontendSpec.js';
export { prependFrontend } from './frontend/prependFrontend.js';
export type { Graph, Node, Tensor } from './model/graph.js';
export { readNpy, writeNpy } from './model/npy.js';
export { readModel } from './model/readModel.js';
export { openPack } from './packFolder.js';
export { importModel, packModel } from './packModel.js';
export { canonicalize } from './passes/index.js';
export { planGraph } from './plan/planGraph.js';
export { modelReport } from './report/modelReport.js';
