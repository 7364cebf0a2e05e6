#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records int8 outputs of TensorFlow Lite Micro's own interpreter (PyPI tflite-micro), the judge of `tflite` rounding.

    python3 -m venv v && v/bin/pip install tflite-micro && v/bin/python record_goldens.py --shared ../../../shared

Inputs are made by xorshift32 (Marsaglia 2003; shifts 13, 17, 5; seed 1; one stream per model): the first half of the
samples is white noise (top byte as int8), the second half runs of equal values (byte v, then 1 + (next byte & 63) times
v), which reach more different answers. Writes goldens/<model>.bin (the output vectors one after another),
goldens/kws_real.bin (the 500 recorded keywords) and goldens/index.json.
"""
import argparse
import hashlib
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tflite_micro import runtime

MODELS = {
    "kws": "mlperf-tiny/kws_ref_model.tflite",
    "vww": "mlperf-tiny/vww_96_int8.tflite",
    "ic": "mlperf-tiny/pretrainedResnet_quant.tflite",
    "ad": "mlperf-tiny/ad01_int8.tflite",
    "sww": "mlperf-tiny/str_ww_ref_model.tflite",
    "micro_speech": "tflm/micro_speech_quantized.tflite",
    "hello_world": "tflm/hello_world_int8.tflite",
    "person_detect": "tflm/person_detect.tflite",
}
SAMPLES = 50


class Generator:
    def __init__(self, seed=1):
        self.state = seed

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


def open_model(path):
    return runtime.Interpreter.from_file(str(path), arena_size=4 << 20)


def run(interpreter, sample):
    interpreter.set_input(sample, 0)
    interpreter.invoke()
    return interpreter.get_output(0).tobytes()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, required=True)
    shared = parser.parse_args().shared
    folder = Path(__file__).parent / "goldens"
    folder.mkdir(exist_ok=True)
    index = {"oracle": f"tflite-micro {version('tflite-micro')}", "samples": SAMPLES, "models": {}}

    def save(name, model, outputs):
        (folder / f"{name}.bin").write_bytes(b"".join(outputs))
        digest = hashlib.sha256((shared / "models" / model).read_bytes()).hexdigest()
        index["models"][name] = {"model": model, "modelSha256": digest, "count": len(outputs), "distinct": len(set(outputs))}

    for name, model in MODELS.items():
        interpreter = open_model(shared / "models" / model)
        shape = interpreter.get_input_details(0)["shape"]
        count = int(np.prod(shape))
        generator = Generator()
        make = [generator.noise] * (SAMPLES // 2) + [generator.runs] * (SAMPLES - SAMPLES // 2)
        save(name, model, [run(interpreter, np.frombuffer(m(count), np.int8).reshape(shape)) for m in make])
    recorded = np.load(shared / "data/kws/test_x.npy")
    interpreter = open_model(shared / "models" / MODELS["kws"])
    save("kws_real", MODELS["kws"], [run(interpreter, x[None]) for x in recorded])
    (folder / "index.json").write_text(json.dumps(index, indent=2) + "\n")


main()
