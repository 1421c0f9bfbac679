#!/usr/bin/env python3
"""Trains the sample classifier and writes it as TFLite (float32 and int8) and as ONNX.

    python3 -m venv env && env/bin/pip install numpy scikit-learn onnx onnxruntime flatbuffers ai-edge-litert
    env/bin/python make_digits.py

The data are scikit-learn's handwritten digits (1797 images of 8 x 8). The network is small but has what makes a converter's work:
convolutions (one of stride 2, whose padding is uneven), a depthwise one, pooling, and a dense layer behind a reshape, so that the
order of channels and space matters. Training is plain numpy with fixed seeds. Each file is then run on its official runtime over the test images.
"""
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one order of summation
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import pathlib

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from digits_onnx import write_onnx
from digits_tflite import write_tflite

HERE = pathlib.Path(__file__).resolve().parent
EPOCHS, BATCH, RATE = 40, 32, 2e-3


def patches(x, size, stride, before, after):
    """The windows of x as [N, H, W, size, size, C], and the shape of the padded x. Zero padding."""
    padded = np.pad(x, ((0, 0), (before, after), (before, after), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))
    return windows[:, ::stride, ::stride].transpose(0, 1, 2, 4, 5, 3), padded.shape


def scatter(gradient, padded_shape, size, stride, before, after):
    """The transpose of patches: sums windows back to where they came from."""
    out = np.zeros(padded_shape, np.float32)
    height, width = gradient.shape[1:3]
    for i in range(size):
        for j in range(size):
            out[:, i : i + stride * height : stride, j : j + stride * width : stride] += gradient[:, :, :, i, j]
    return out[:, before : out.shape[1] - after, before : out.shape[2] - after]


class Conv:
    """A convolution with 'same' padding and an activation; weights [O, size, size, I]."""

    def __init__(self, random, inputs, outputs, size, stride=1, top=None):
        self.name, self.size, self.stride, self.top = "conv", size, stride, top
        self.weight = random.normal(0, np.sqrt(2 / (size * size * inputs)), (outputs, size, size, inputs)).astype(np.float32)
        self.bias = np.zeros(outputs, np.float32)
        # 'same' puts the odd one behind; on even sizes a stride of 2 leaves none in front of a 3 x 3 window
        total = max(size - stride, 0)
        self.before, self.after = total // 2, total - total // 2

    def forward(self, x):
        self.windows, self.shape = patches(x, self.size, self.stride, self.before, self.after)
        self.linear = self.product() + self.bias
        return np.clip(self.linear, 0, self.top)

    def product(self):
        return np.tensordot(self.windows, self.weight, ((3, 4, 5), (1, 2, 3)))

    def backward(self, gradient):
        passed = self.linear > 0 if self.top is None else (self.linear > 0) & (self.linear < self.top)
        gradient = gradient * passed
        self.gradients = self.weight_gradient(gradient), gradient.sum((0, 1, 2))
        return scatter(self.window_gradient(gradient), self.shape, self.size, self.stride, self.before, self.after)

    def weight_gradient(self, gradient):
        return np.tensordot(gradient, self.windows, ((0, 1, 2), (0, 1, 2)))

    def window_gradient(self, gradient):
        return np.tensordot(gradient, self.weight, ((3,), (0,)))


class Depthwise(Conv):
    """Each channel by itself; weights [1, size, size, C]."""

    def __init__(self, random, channels, size, top):
        super().__init__(random, 1, channels, size, 1, top)
        self.name = "depthwise"
        self.weight = np.ascontiguousarray(self.weight.transpose(3, 1, 2, 0))

    def product(self):
        return np.einsum("nhwijc,ijc->nhwc", self.windows, self.weight[0])

    def weight_gradient(self, gradient):
        return np.einsum("nhwijc,nhwc->ijc", self.windows, gradient)[None]

    def window_gradient(self, gradient):
        return gradient[:, :, :, None, None] * self.weight[0]


class MaxPool:
    """The largest of each 2 x 2."""

    name = "maxpool"

    def forward(self, x):
        n, h, w, c = x.shape
        self.split = x.reshape(n, h // 2, 2, w // 2, 2, c)
        self.out = self.split.max((2, 4), keepdims=True)
        return self.out[:, :, 0, :, 0]

    def backward(self, gradient):
        where = self.split == self.out
        share = where / where.sum((2, 4), keepdims=True)
        n, h, _, w, _, c = self.split.shape
        return (share * gradient[:, :, None, :, None]).astype(np.float32).reshape(n, 2 * h, 2 * w, c)


class Dense:
    """[N, H, W, C] flattened, times weights [O, H * W * C]."""

    name = "dense"

    def __init__(self, random, inputs, outputs):
        self.weight = random.normal(0, np.sqrt(1 / inputs), (outputs, inputs)).astype(np.float32)
        self.bias = np.zeros(outputs, np.float32)

    def forward(self, x):
        self.x = x
        return x.reshape(len(x), -1) @ self.weight.T + self.bias

    def backward(self, gradient):
        self.gradients = gradient.T @ self.x.reshape(len(self.x), -1), gradient.sum(0)
        return (gradient @ self.weight).reshape(self.x.shape)


def shifted(images, random):
    """Each image moved by up to one pixel: more to learn from."""
    out = np.zeros_like(images)
    for k, (dy, dx) in enumerate(random.integers(-1, 2, (len(images), 2))):
        out[k] = np.roll(np.pad(images[k], ((1, 1), (1, 1), (0, 0))), (dy, dx), (0, 1))[1:-1, 1:-1]
    return out


def train(network, images, labels, random):
    moments, step = {}, 0
    for epoch in range(EPOCHS):
        order = random.permutation(len(images))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            x = shifted(images[chosen], random)
            for layer in network:
                x = layer.forward(x)
            gradient = softmax(x)
            gradient[np.arange(BATCH), labels[chosen]] -= 1
            gradient /= BATCH
            for layer in reversed(network):
                gradient = layer.backward(gradient.astype(np.float32))
            step += 1
            adam(network, moments, step, RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS)))


def adam(network, moments, step, rate):
    for key, layer in enumerate(network):
        for part, gradient in zip(("weight", "bias"), getattr(layer, "gradients", ())):
            first, second = moments.get((key, part), (0, 0))
            first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
            moments[key, part] = first, second
            change = rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
            setattr(layer, part, (getattr(layer, part) - change).astype(np.float32))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def ranges(network, images):
    """The smallest and the largest of each layer's results, for the int8 scales."""
    found, x = [], images
    for layer in network:
        x = layer.forward(x)
        found.append((float(x.min()), float(x.max())))
    return found


def tflite_accuracy(path, images, labels):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    given, taken = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    right = 0
    for image, label in zip(images, labels):
        if given["dtype"] == np.int8:
            scale, zero = given["quantization"]
            image = np.clip(np.round(image / scale) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(given["index"], image[None])
        interpreter.invoke()
        right += interpreter.get_tensor(taken["index"]).argmax() == label
    return right / len(labels)


def onnx_accuracy(path, images, labels):
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    run = lambda image: session.run(None, {"image": image[None].transpose(0, 3, 1, 2)})[0]
    return np.mean([run(image).argmax() == label for image, label in zip(images, labels)])


def main():
    digits = load_digits()
    images = (digits.images[..., None] / 16).astype(np.float32)
    learn, test, learn_labels, test_labels = train_test_split(
        images, digits.target, test_size=360, stratify=digits.target, random_state=7
    )
    random = np.random.default_rng(20)
    network = [
        Conv(random, 1, 16, 3),
        Depthwise(random, 16, 3, top=6),
        Conv(random, 16, 32, 1),
        MaxPool(),
        Conv(random, 32, 32, 3, stride=2),
        Dense(random, 2 * 2 * 32, 10),
    ]
    train(network, learn, learn_labels, random)

    write_tflite(HERE / "digits.tflite", network)
    write_tflite(HERE / "digits_int8.tflite", network, ranges(network, learn))
    write_onnx(HERE / "digits.onnx", network)
    np.savez_compressed(HERE / "digits_inputs.npz", image=test)
    np.savez_compressed(HERE / "digits_labels.npz", label=test_labels.astype(np.int64))
    for name in ("digits.tflite", "digits_int8.tflite"):
        print(f"{name}: {tflite_accuracy(HERE / name, test, test_labels):.4f} on LiteRT")
    print(f"digits.onnx: {onnx_accuracy(HERE / 'digits.onnx', test, test_labels):.4f} on ONNX Runtime")


if __name__ == "__main__":
    main()
