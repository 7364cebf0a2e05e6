#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records what TensorFlow Lite Micro (PyPI tflite-micro) gives for the int16 test model.

    npx tsx test/oracle/writeInt16.ts DIR && v/bin/python test/oracle/record_int16.py DIR
"""
import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tflite_micro import runtime

folder = Path(sys.argv[1])
inputs = np.fromfile(folder / "int16.in", "<i2").reshape(-1, 1, 8, 8, 3)
outputs = {}
for model in sorted(folder.glob("int16_*.tflite")):
    interpreter = runtime.Interpreter.from_file(str(model), arena_size=1 << 20)
    rows = []
    for x in inputs:
        interpreter.set_input(x, 0)
        interpreter.invoke()
        rows.append(interpreter.get_output(0).flatten().tolist())
    outputs[model.stem.split("_")[1]] = rows
golden = {"oracle": f"tflite-micro {version('tflite-micro')}", "outputs": outputs}
(Path(__file__).parent / "goldens" / "int16.json").write_text(json.dumps(golden) + "\n")
