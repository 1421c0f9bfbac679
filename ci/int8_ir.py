#!/usr/bin/env python3
"""Are quantized models that Watari writes as OpenVINO IR computed in 8 bits, and as their source computes them?

    int8_ir.py MODEL.tflite...    (by a Python that has openvino and ai_edge_litert)

Converts each model, compiles the IR for the CPU, and looks into the plugin's runtime model: every convolution and
fully connected layer is to be of 8 bits. Then both run on the same seeded noise; outputs are to differ by one step of
the source's output at most. Ends with status 1 where one of this does not hold.
"""
import collections
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import openvino as ov
from ai_edge_litert.interpreter import Interpreter

WATARI = pathlib.Path(__file__).resolve().parent.parent / "watari"
PRODUCTS = {"Convolution", "FullyConnected", "MatMul"}
SAMPLES = 50


def products(compiled):
    """How many layers compute products, by the type that the plugin computes them in."""
    found = collections.Counter()
    for node in compiled.get_runtime_model().get_ordered_ops():
        info = {key: str(node.get_rt_info()[key].value) for key in ("layerType", "runtimePrecision")}
        if info["layerType"] in PRODUCTS:
            found[info["runtimePrecision"]] += 1
    return found


def steps_apart(source, compiled):
    """The largest difference of outputs, in steps of the source's output."""
    source.allocate_tensors()
    given, made = source.get_input_details(), source.get_output_details()
    if len(given) != 1 or len(made) != 1 or not made[0]["quantization"][0]:
        raise SystemExit("a model is to have one input, and one quantized output")
    random, worst = np.random.default_rng(1), 0
    for _ in range(SAMPLES):
        limits = np.iinfo(given[0]["dtype"])
        x = random.integers(limits.min, limits.max + 1, given[0]["shape"]).astype(given[0]["dtype"])
        source.set_tensor(given[0]["index"], x)
        source.invoke()
        wanted = source.get_tensor(made[0]["index"]).astype(np.int32)
        y = np.asarray(compiled([x])[0], np.int32)
        worst = max(worst, int(np.abs(y - wanted).max()))
    return worst


def check(path, folder):
    """What does not hold of a model; nothing where all does."""
    command = [str(WATARI), "convert", path, "--to", "openvino", "-o", folder, "--no-verify", "--keep-io-layout"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    compiled = ov.Core().compile_model(f"{folder}/{pathlib.Path(path).stem}.xml", "CPU")
    found = products(compiled)
    worst = steps_apart(Interpreter(path), compiled)
    print(f"{path}: products by type {dict(found)}, outputs at most {worst} steps apart")
    others = [kind for kind in found if kind not in ("i8", "u8")]
    return bool(others) or not found or worst > 1


def main():
    failed = []
    for path in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            if check(path, folder):
                failed.append(path)
    if failed:
        raise SystemExit("not in 8 bits, or more than a step apart: " + ", ".join(failed))


if __name__ == "__main__":
    main()
