#!/usr/bin/env python3
"""What 8 bits cost: SQNR of Watari's int8 models beside those of other quantizers, from the same data.

    bench/quantization.py MODEL.tflite|.onnx --images FOLDER --normalize 'SCALE,OFFSET' [--tensorflow PYTHON] [--work FOLDER] [--watari OPTION...]

128 seeded crops of the images calibrate, 64 others measure. `SCALE,OFFSET` makes (x - OFFSET) / SCALE of 0 to 255. A line a result: its bytes, then SQNR in dB of each
output against the float model, both in the runtime of the result's format (LiteRT, ONNX Runtime). Peers: TensorFlow's post-training quantizer for TFLite (its calibrator and
MLIR quantizer; --tensorflow names the Python that has it), ONNX Runtime's static quantizer, per channel, for ONNX. TFLite models with float16 weights go to the peer as
Watari's float32 form, since it takes no others. Needs numpy, pillow, ai-edge-litert, onnxruntime.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
CALIBRATED, MEASURED = 128, 64
TENSORFLOW = """
import sys, numpy as np
from tensorflow.lite.python import convert
from tensorflow.lite.python.optimize import calibrator
model, data, out = sys.argv[1:]
samples = list(np.load(data).values())[0]
made = calibrator.Calibrator(open(model, 'rb').read()).calibrate(lambda: ([x[None]] for x in samples))
open(out, 'wb').write(convert.mlir_quantize(made, inference_type=convert._types_pb2.INT8))
"""


def lite(path):
    from ai_edge_litert.interpreter import Interpreter

    made = Interpreter(str(path), num_threads=2)
    made.allocate_tensors()
    entry = made.get_input_details()[0]

    def call(x):
        made.set_tensor(entry["index"], x[None])
        made.invoke()
        return [made.get_tensor(each["index"]) for each in made.get_output_details()]

    return entry["name"], list(entry["shape"]), call


def onnx(path):
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    session = onnxruntime.InferenceSession(str(path))
    entry = session.get_inputs()[0]
    return entry.name, [d if isinstance(d, int) else 1 for d in entry.shape], lambda x: session.run(None, {entry.name: x[None]})


def load(path):
    return (lite if path.suffix == ".tflite" else onnx)(path)


def crops(folder, shape, scale, offset):
    from PIL import Image

    last = shape[-1] in (1, 3)
    height, width, channels = shape[1:] if last else (shape[2], shape[3], shape[1])
    images = [Image.open(file).convert("RGB") for file in sorted(folder.iterdir()) if file.suffix in (".png", ".jpg")]
    random = np.random.default_rng(7)
    made = []
    for k in range(CALIBRATED + MEASURED):
        image = images[k % len(images)]
        part = random.uniform(0.3, 1.0)
        w, h = int(image.width * part), int(image.height * part)
        x, y = random.integers(0, image.width - w + 1), random.integers(0, image.height - h + 1)
        pixels = np.asarray(image.crop((x, y, x + w, y + h)).resize((width, height), Image.BILINEAR), np.float32)
        if channels == 1:
            pixels = pixels.mean(-1, keepdims=True)
        pixels = (pixels - offset) / scale
        made.append(pixels if last else pixels.transpose(2, 0, 1))
    return np.stack(made).astype(np.float32)


def watari(model, precision, work, *more):
    out = work / precision
    call = [ROOT / "watari", "convert", model, "--to", model.suffix[1:], "--precision", precision, "-o", out, "--force", "--no-verify", *more]
    subprocess.run(list(map(str, call)), check=True, capture_output=True)
    mark = "" if precision == "float32" else "." + precision
    return out / (model.stem + mark + model.suffix)


def tensorflow(model, data, work, python):
    out = work / "tensorflow.tflite"
    plain = watari(model, "float32", work)
    subprocess.run([python, "-c", TENSORFLOW, plain, data, out], check=True, capture_output=True)
    return out


def runtime(model, samples, name, work):
    from onnxruntime import quantization

    class Reader(quantization.CalibrationDataReader):
        rest = iter(samples)

        def get_next(self):
            x = next(self.rest, None)
            return None if x is None else {name: x[None]}

    out = work / "onnxruntime.onnx"
    quantization.quantize_static(
        str(model), str(out), Reader(), quant_format=quantization.QuantFormat.QDQ, per_channel=True,
        activation_type=quantization.QuantType.QInt8, weight_type=quantization.QuantType.QInt8)
    return out


def sqnr(wanted, given):
    """Of each output; results may list them in another order, so the nearest of its shape counts."""
    ratios = []
    for k in range(len(wanted[0])):
        power = sum((w[k].astype(float) ** 2).sum() for w in wanted)
        noises = [
            sum(((w[k].astype(float) - g[j]) ** 2).sum() for w, g in zip(wanted, given))
            for j in range(len(given[0])) if given[0][j].shape == wanted[0][k].shape]
        ratios.append(10 * np.log10(power / max(min(noises), 1e-300)))
    return ratios


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("model", type=pathlib.Path)
    words.add_argument("--images", type=pathlib.Path, required=True)
    words.add_argument("--normalize", default="255,0")
    words.add_argument("--tensorflow", default=sys.executable)
    words.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "watari-quantization")
    words.add_argument("--watari", nargs="*", default=[])
    given = words.parse_args()
    work = given.work / given.model.stem
    work.mkdir(parents=True, exist_ok=True)
    name, shape, call = load(given.model)
    samples = crops(given.images, shape, *map(float, given.normalize.split(",")))
    data = work / "calibration.npz"
    np.savez(data, **{name: samples[:CALIBRATED]})
    wanted = [call(x) for x in samples[CALIBRATED:]]

    def peer():
        return tensorflow(given.model, data, work, given.tensorflow) if given.model.suffix == ".tflite" else runtime(given.model, samples[:CALIBRATED], name, work)

    for who, make in (("watari", lambda: watari(given.model, "int8", work, "--calibration", data, *given.watari)), ("peer", peer)):
        try:
            made = make()
            ratios = sqnr(wanted, [load(made)[2](x) for x in samples[CALIBRATED:]])
            print(f"{given.model.stem}\t{who}\t{made.stat().st_size}\t" + " ".join(f"{r:.1f}" for r in ratios), flush=True)
        except Exception as e:  # a peer that fails is a line of the table
            print(f"{given.model.stem}\t{who}\tfailed: {str(e)[:120]}", flush=True)


if __name__ == "__main__":
    main()
