#!/usr/bin/env python3
"""How far official kernels of TensorFlow Lite lie apart on quantized networks, and how far their ONNX form from each.

    bench/kernels.py MODEL.tflite...

Prints a line a model: the largest difference of any output, in parts of that output's largest number, on three seeded inputs of noise. The kernels
are the plain ones, those of XNNPACK (what TensorFlow Lite takes unless told not to) and the reference ones; the ONNX form is made by ./watari
and run by ONNX Runtime. Needs ai-edge-litert, onnxruntime and numpy.
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
from ai_edge_litert import interpreter

ROOT = pathlib.Path(__file__).resolve().parent.parent
KERNELS = interpreter.OpResolverType
PLAIN, XNNPACK, REFERENCE = KERNELS.BUILTIN_WITHOUT_DEFAULT_DELEGATES, KERNELS.AUTO, KERNELS.BUILTIN_REF


def lite(model, kernels):
    made = interpreter.Interpreter(str(model), num_threads=1, experimental_op_resolver_type=kernels)
    made.allocate_tensors()
    return made


def noise(model, seed):
    """An array an input, as it is stored."""
    random, arrays = np.random.default_rng(seed), []
    for each in lite(model, PLAIN).get_input_details():
        dtype = np.dtype(each["dtype"])
        limits = (-1, 1) if dtype.kind == "f" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        arrays.append(random.uniform(*limits, each["shape"]).astype(dtype))
    return arrays


def by_lite(model, kernels, arrays):
    made = lite(model, kernels)
    for each, array in zip(made.get_input_details(), arrays):
        made.set_tensor(each["index"], array)
    made.invoke()
    return [real(made.get_tensor(each["index"]), each) for each in made.get_output_details()]


def real(array, details):
    scales, zeros = (details["quantization_parameters"][key] for key in ("scales", "zero_points"))
    return (array.astype(np.float64) - zeros[0]) * scales[0] if len(scales) else array.astype(np.float64)


def by_onnx(model, lite_model, arrays):
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    outputs = session.run(None, {each.name: array for each, array in zip(session.get_inputs(), arrays)})
    return [real(array, each) for array, each in zip(outputs, lite(lite_model, PLAIN).get_output_details())]


def apart(some, others):
    return max(np.abs(a - b).max() / (np.abs(a).max() or 1) for a, b in zip(some, others) if a.size)


def main():
    print("| model | plain, XNNPACK | plain, reference | plain, ONNX | XNNPACK, ONNX |\n| --- | ---: | ---: | ---: | ---: |")
    for model in map(pathlib.Path, sys.argv[1:]):
        with tempfile.TemporaryDirectory() as folder:
            command = [ROOT / "watari", "convert", model, "--to", "onnx", "-o", folder, "--no-verify", "--keep-io-layout"]
            subprocess.run(command, check=True, capture_output=True)
            worst = np.zeros(4)
            for seed in range(3):
                arrays = noise(model, seed)
                plain, xnnpack, reference = (by_lite(model, k, arrays) for k in (PLAIN, XNNPACK, REFERENCE))
                onnx = by_onnx(pathlib.Path(folder) / f"{model.stem}.onnx", model, arrays)
                worst = np.maximum(worst, [apart(plain, xnnpack), apart(plain, reference), apart(plain, onnx), apart(xnnpack, onnx)])
        print("|", model.stem, "|", " | ".join(f"{each:.3f}" for each in worst), "|", flush=True)


if __name__ == "__main__":
    main()
