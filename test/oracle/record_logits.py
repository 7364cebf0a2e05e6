#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records what TensorFlow Lite Micro's own interpreter (PyPI tflite-micro) answers before the last softmax, which hides
most of a network's mistakes: models cut by writeHeads.ts, inputs as record_goldens.py makes them.

    node --import tsx writeHeads.ts heads && v/bin/python record_logits.py heads

Writes goldens/logits.json.
"""
import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tflite_micro import runtime

SAMPLES = 50
KEPT = range(15, 35)  # both kinds


class Generator:
    def __init__(self):
        self.state = 1

    def byte(self):
        s = self.state
        s ^= (s << 13) & 0xFFFFFFFF
        s ^= s >> 17
        s ^= (s << 5) & 0xFFFFFFFF
        self.state = s
        return s >> 24

    def noise(self, count):
        return bytes(self.byte() for _ in range(count))

    def runs(self, count):
        out = bytearray()
        while len(out) < count:
            value = self.byte()
            out += bytes([value]) * (1 + (self.byte() & 63))
        return bytes(out[:count])


def answers(path):
    interpreter = runtime.Interpreter.from_file(str(path), arena_size=4 << 20)
    shape = interpreter.get_input_details(0)["shape"]
    generator = Generator()
    for k, make in enumerate([generator.noise] * (SAMPLES // 2) + [generator.runs] * (SAMPLES // 2)):
        sample = np.frombuffer(make(int(np.prod(shape))), np.int8).reshape(shape)
        if k not in KEPT:
            continue
        interpreter.set_input(sample, 0)
        interpreter.invoke()
        yield interpreter.get_output(0).ravel().tolist()


models = {path.stem: list(answers(path)) for path in sorted(Path(sys.argv[1]).glob("*.tflite"))}
found = {"oracle": f"tflite-micro {version('tflite-micro')}", "models": models}
(Path(__file__).parent / "goldens" / "logits.json").write_text(json.dumps(found) + "\n")
