#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records what TensorFlow Lite Micro (PyPI tflite-micro) gives for the recurrent test models: 50 inputs, state going on
within each ten, a reset before each. Writes goldens/recurrent.json, outputs as base64.

    npx tsx test/oracle/writeRecurrent.ts DIR && v/bin/python test/oracle/record_recurrent.py DIR
"""
import base64
import json
import struct
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tflite_micro import runtime

SEQUENCE = 10
# The biases of the scrambled keyword model are so large that it gives the same for every input. Its first SVDF's state
# does depend on it: the operator and which of its inputs that is.
STATES = {"keyword": (1, 4)}


def table_field(data, table, field):
    """Where a field of a FlatBuffer table lies."""
    vtable = table - struct.unpack_from("<i", data, table)[0]
    return table + struct.unpack_from("<H", data, vtable + 4 + 2 * field)[0]


def follow(data, at):
    return at + struct.unpack_from("<I", data, at)[0]


def with_output(data, operator, index):
    """The model with its output moved to this input of this operator."""
    data = bytearray(data)
    subgraph = follow(data, follow(data, table_field(data, follow(data, 0), 2)) + 4)
    operators = follow(data, table_field(data, subgraph, 3))
    inputs = follow(data, table_field(data, follow(data, operators + 4 + 4 * operator), 1))
    outputs = follow(data, table_field(data, subgraph, 2))
    data[outputs + 4 : outputs + 8] = data[inputs + 4 + 4 * index : inputs + 8 + 4 * index]
    return bytes(data)


def outputs_of(model, raw, every=1):
    """Every so manyth output, the last of a sequence among them."""
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=1 << 20)
    details = interpreter.get_input_details(0)
    inputs = np.frombuffer(raw, details["dtype"]).reshape(-1, *details["shape"])
    rows = []
    for k, x in enumerate(inputs):
        if k % SEQUENCE == 0:
            interpreter.reset()
        interpreter.set_input(x, 0)
        interpreter.invoke()
        rows.append(interpreter.get_output(0).tobytes())
    rows = rows[every - 1 :: every]
    return {"count": len(rows), "distinct": len(set(rows)), "outputs": base64.b64encode(b"".join(rows)).decode()}


folder = Path(sys.argv[1])
golden = {"oracle": f"tflite-micro {version('tflite-micro')}", "models": {}}
for path in sorted(folder.glob("*.tflite")):
    model, raw = path.read_bytes(), path.with_suffix(".in").read_bytes()
    golden["models"][path.stem] = outputs_of(model, raw)
    if path.stem in STATES:
        golden["models"][f"{path.stem}_state"] = outputs_of(with_output(model, *STATES[path.stem]), raw, SEQUENCE)
(Path(__file__).parent / "goldens" / "recurrent.json").write_text(json.dumps(golden, indent=1) + "\n")
