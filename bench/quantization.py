#!/usr/bin/env python3
"""What 8 bits cost: Watari's quantized models beside those of other quantizers, from the same data.

    bench/quantization.py peers       int8 by Watari and by each target's own quantizers: SQNR, top-1, bytes
    bench/quantization.py precisions  every precision of Watari in the runtime of its format: SQNR, and bytes against float32

Each replaces its part of docs/quantization.md. What was measured is kept in --results, and a call goes on where the last one ended; --fresh begins anew.
--only WORD and --to FORMAT take a part, --watari OPTION... adds options to Watari's conversions (then nothing is written to the page).

128 seeded crops of --images calibrate, 64 others measure; digits have samples of their own, of which all others measure. A model whose format is not the target's is Watari's float32 conversion for all.
Results are compared with the float model in the same runtime (LiteRT, ONNX Runtime, OpenVINO). Peers: TensorFlow's calibrator and MLIR quantizer (--tensorflow names the
Python that has it) and ai-edge-quantizer for TFLite, ONNX Runtime's static quantizer (per channel) for ONNX, NNCF for IR.
TFLite's peers get Watari's float32 form where the source has float16 weights, since they take no others.
Needs numpy, pillow, ai-edge-litert, ai-edge-quantizer, onnx, onnxruntime, openvino, nncf.
"""
import argparse
import contextlib
import io
import json
import logging
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "quantization.md"
CALIBRATED, MEASURED = 128, 64
UNIT, CENTRED, RAW = "x / 255", "(x - 127.5) / 127.5", "x"

# name, file below ../shared/models, how pixels become inputs, shape where the model leaves it open, whether the largest output says a class
MODELS = [
    ("digits", "digits.tflite", "", None, True),
    ("MLPerf Tiny VWW", "tflite/mlperf_tiny/vww_96_float.tflite", UNIT, None, True),
    ("MLPerf Tiny ResNet", "tflite/mlperf_tiny/pretrainedResnet.tflite", RAW, None, True),
    ("MobileNet V1 0.25", "tflite/task/mobilenet_v1_0.25_224_1_metadata_1.tflite", CENTRED, None, True),
    ("face detection, short range", "tflite/mediapipe/face_detection_short_range.tflite", CENTRED, None, False),
    ("iris landmarks", "tflite/mediapipe/iris_landmark.tflite", UNIT, None, False),
    ("hand landmarks, lite", "tflite/mediapipe/hand_landmark_lite.tflite", UNIT, None, False),
    ("selfie segmentation", "tflite/mediapipe/selfie_segmentation.tflite", UNIT, None, False),
    ("DeepLab V3", "tflite/task/deeplabv3.tflite", CENTRED, None, True),
    ("UltraFace RFB-320", "onnx/ultraface/version-RFB-320_simplified.onnx", "(x - 127) / 128", None, True),
    ("PP-OCR direction", "onnx/ocr/ch_ppocr_mobile_v2.0_cls_infer.onnx", CENTRED, (1, 3, 48, 192), True),
    ("YuNet", "onnx/yunet/yunet_n_dynamic.onnx", RAW, (1, 3, 160, 160), False),
]
TARGETS = {"tflite": ("LiteRT", ("TensorFlow", "ai-edge-quantizer")), "onnx": ("ONNX Runtime", ("ONNX Runtime",)), "openvino": ("OpenVINO", ("NNCF",))}
PRECISIONS = ["float16", "weights8", "dynamic8", "int8", "full_int8", "full_uint8", "int16x8"]

TENSORFLOW = """
import sys, numpy as np
from tensorflow.lite.python import convert
from tensorflow.lite.python.optimize import calibrator
model, data, out = sys.argv[1:]
samples = list(np.load(data).values())[0]
made = calibrator.Calibrator(open(model, 'rb').read()).calibrate(lambda: ([x] for x in samples))
open(out, 'wb').write(convert.mlir_quantize(made, inference_type=convert._types_pb2.INT8))
"""


# ---- runtimes: each gives the input's name and shape, and a function from a float sample to float outputs


def lite(path):
    from ai_edge_litert.interpreter import Interpreter

    made = Interpreter(str(path), num_threads=2)
    entry = made.get_input_details()[0]
    shape = [max(1, d) for d in entry["shape_signature"]]
    made.resize_tensor_input(entry["index"], shape)
    made.allocate_tensors()
    entry, exits = made.get_input_details()[0], made.get_output_details()

    def call(x):
        if entry["dtype"] != np.float32:
            scale, zero = entry["quantization"]
            limits = np.iinfo(entry["dtype"])
            x = np.clip(np.rint(x / scale) + zero, limits.min, limits.max).astype(entry["dtype"])
        if list(x.shape) != list(made.get_input_details()[0]["shape"]):
            made.resize_tensor_input(entry["index"], x.shape)
            made.allocate_tensors()
        made.set_tensor(entry["index"], x)
        made.invoke()
        return [real(made.get_tensor(each["index"]), each["quantization"]) for each in exits]

    return entry["name"], shape, call


def real(x, quantization):
    scale, zero = quantization
    return x.copy() if x.dtype == np.float32 or scale == 0 else (x.astype(np.float64) - zero) * scale


def onnx(path):
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    session = onnxruntime.InferenceSession(str(path))
    entry = session.get_inputs()[0]
    stored = {"tensor(int8)": np.int8, "tensor(uint8)": np.uint8}.get(entry.type)
    shape = [d if isinstance(d, int) else 1 for d in entry.shape]
    return entry.name, shape, lambda x: session.run(None, {entry.name: x if stored is None else x.astype(stored)})


def openvino(path):
    import openvino as ov

    made = ov.Core().compile_model(str(path), "CPU")
    entry = made.input(0)
    shape = [d.get_length() if d.is_static else 1 for d in entry.partial_shape]
    stored = entry.element_type.to_dtype()
    return entry.any_name, shape, lambda x: [made_output.copy() for made_output in made([x.astype(stored)]).values()]


def load(path):
    return {".tflite": lite, ".onnx": onnx, ".xml": openvino}[path.suffix](path)


# ---- data


def turned(x, shape):
    """Samples in the model's layout: channels move where they fit only elsewhere."""
    for order in ((0, 1, 2, 3, 4), (0, 1, 3, 4, 2), (0, 1, 4, 2, 3)):
        if x.ndim == 5 and list(x.transpose(order).shape[2:]) == list(shape[1:]):
            return x.transpose(order)
    return x


def crops(folder, shape, formula):
    """[samples, 1, ...]: parts of photos at any place, of 30 to 100 % of each side."""
    from PIL import Image

    last = shape[-1] in (1, 3)
    height, width, channels = shape[1:] if last else (shape[2], shape[3], shape[1])
    images = [Image.open(file).convert("RGB") for file in sorted(folder.iterdir()) if file.suffix in (".png", ".jpg") and "truncated" not in file.name]
    random = np.random.default_rng(7)
    made = []
    for k in range(CALIBRATED + MEASURED):
        image = images[k % len(images)]
        part = random.uniform(0.3, 1.0)
        w, h = int(image.width * part), int(image.height * part)
        x, y = random.integers(0, image.width - w + 1), random.integers(0, image.height - h + 1)
        pixels = np.asarray(image.crop((x, y, x + w, y + h)).resize((width, height), Image.BILINEAR), np.float32)
        pixels = pixels.mean(-1, keepdims=True) if channels == 1 else pixels
        pixels = {UNIT: lambda: pixels / 255, CENTRED: lambda: (pixels - 127.5) / 127.5, RAW: lambda: pixels}.get(formula, lambda: (pixels - 127) / 128)()
        made.append(pixels if last else pixels.transpose(2, 0, 1))
    return np.stack(made).astype(np.float32)[:, None]


def digits(shape):
    samples = np.load(ROOT / "samples" / "digits_inputs.npz")["image"].astype(np.float32).reshape([-1] + shape)
    order = np.random.default_rng(7).permutation(len(samples))
    return samples[order]


# ---- quantizers: each gives the path of its result


def watari(model, target, precision, work, *more):
    out = work / f"watari-{target}-{precision}"
    call = [ROOT / "watari", "convert", model, "--to", target, "--precision", precision, "-o", out, "--force", "--json", *more]
    said = subprocess.run(list(map(str, call)), capture_output=True, text=True)
    try:
        result = json.loads(said.stdout)["results"][0]
        output = result["outputs"][0]
    except (ValueError, IndexError, KeyError):
        raise RuntimeError(said.stderr[-300:] or said.stdout[-300:]) from None
    if output["status"] != "written":
        raise RuntimeError("; ".join(f["code"] + " " + f["why"] for f in result["findings"] + output["findings"] if f["severity"] == "error"))
    return pathlib.Path(output["path"]), output


def quantized(who, base, name, samples, work, options):
    """By a peer.

    :param base: the float model in the target's format
    :param samples: [samples, 1, ...] in its layout
    """
    out = work / f"{who.replace(' ', '_')}{base.suffix}"
    if who == "TensorFlow":
        data = work / "tensorflow.npz"
        np.savez(data, samples)
        run = subprocess.run([options.tensorflow, "-c", TENSORFLOW, base, data, out], capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(run.stderr.strip().splitlines()[-1])
    elif who == "ai-edge-quantizer":
        from ai_edge_quantizer import quantizer, recipe

        made = quantizer.Quantizer(str(base), recipe.static_wi8_ai8())
        signatures = lite_signatures(base)
        key, argument = signatures if signatures else ("", name)
        seen = made.calibrate({key: [{argument: x} for x in samples]})
        made.quantize(seen).export_model(str(out), overwrite=True)
    elif who == "ONNX Runtime":
        from onnxruntime import quantization

        class Reader(quantization.CalibrationDataReader):
            rest = iter(samples)

            def get_next(self):
                x = next(self.rest, None)
                return None if x is None else {name: x}

        quantization.quantize_static(
            str(base), str(out), Reader(), quant_format=quantization.QuantFormat.QDQ, per_channel=True,
            activation_type=quantization.QuantType.QInt8, weight_type=quantization.QuantType.QInt8)
    else:
        import nncf
        import openvino as ov

        nncf.set_log_level(logging.ERROR)
        ov.save_model(nncf.quantize(ov.Core().read_model(str(base)), nncf.Dataset(list(samples)), subset_size=len(samples)), str(out), compress_to_fp16=False)
    return out


def lite_signatures(base):
    from ai_edge_litert.interpreter import Interpreter

    listed = Interpreter(str(base)).get_signature_list()
    for key, ends in listed.items():
        return key, ends["inputs"][0]
    return None


# ---- figures


def sqnr(wanted, given):
    """Of each output; results may list them in another order, so the nearest of its shape counts."""
    ratios = []
    for k in range(len(wanted[0])):
        power = sum((w[k].astype(float) ** 2).sum() for w in wanted)
        noises = [
            sum(((w[k].astype(float) - g[j]) ** 2).sum() for w, g in zip(wanted, given))
            for j in range(len(given[0])) if given[0][j].shape == wanted[0][k].shape]
        ratios.append(float(10 * np.log10(power / max(min(noises), 1e-300))))
    return ratios


def agreement(wanted, given, axis):
    """The share of places of the first output whose largest element along an axis is the same."""
    same = [(w[0].argmax(axis) == g[0].argmax(axis)).mean() for w, g in zip(wanted, given)]
    return float(100 * np.mean(same))


def size(path):
    return path.stat().st_size + (path.with_suffix(".bin").stat().st_size if path.suffix == ".xml" else 0)


class Subject:
    """A model in a target's format, with its samples and its float outputs."""

    def __init__(self, row, target, options):
        self.name, file, self.formula, self.shape, self.isClassifier = row
        self.target, self.options = target, options
        self.source = ROOT / "samples" / file if file == "digits.tflite" else options.models / file
        self.work = options.work / self.source.stem
        self.work.mkdir(parents=True, exist_ok=True)
        self.fixed = ["--input-shape", ",".join(map(str, self.shape))] if self.shape else []
        name, shape, _ = load(self.source)
        if self.shape:
            self.fixed[1] = name + "=" + self.fixed[1]
        samples = crops(options.images, list(self.shape or shape), self.formula) if self.formula else digits(shape)
        self.data = self.work / "calibration.npz"
        np.savez(self.data, **{name: samples[:CALIBRATED, 0]})
        is_own = self.source.suffix == {"tflite": ".tflite", "onnx": ".onnx"}.get(target) and not self.shape
        self.base = self.source if is_own else watari(self.source, target, "float32", self.work, "--no-verify", *self.fixed)[0]
        self.entry, shape, call = load(self.base)
        self.samples = turned(samples, shape)
        self.held = self.samples[CALIBRATED:]
        self.wanted = [call(x) for x in self.held]
        self.size = size(watari(self.source, target, "float32", self.work, "--no-verify", *self.fixed)[0])

    def watari(self, precision, *more):
        data = [] if precision in ("float16", "weights8", "dynamic8") else ["--calibration", self.data]
        return watari(self.source, self.target, precision, self.work, *self.fixed, *data, *self.options.watari, *more)

    def peer(self, who):
        base = self.base
        if self.target == "tflite":
            base = watari(self.source, self.target, "float32", self.work, "--no-verify", *self.fixed)[0]
        return quantized(who, base, self.entry, self.samples[:CALIBRATED], self.work, self.options)

    def figures(self, path):
        _, _, call = load(path)
        given = [call(x) for x in self.held]
        axis = 1 if self.wanted[0][0].ndim == 4 and self.target != "tflite" else -1
        top = agreement(self.wanted, given, axis) if self.isClassifier else None
        return {"sqnr": sqnr(self.wanted, given), "top": top, "bytes": size(path), "part": size(path) / self.size}

    def precision(self, precision):
        path, output = self.watari(precision)
        if precision in ("full_int8", "full_uint8") and self.target != "tflite":
            _, _, call = load(path)  # only its own report knows what the integers denote
            assert all(np.isfinite(y).all() for y in call(self.held[0]))
            why = " ".join(f["why"] for f in output["findings"] if f["code"] == "ACCURACY")
            return {"sqnr": [float(re.search(r"SQNR is ([-0-9.]+)", why).group(1))], "part": size(path) / self.size, "bytes": size(path)}
        return self.figures(path)


# ---- results, and the page


class Results:
    """Figures by key, in a file that is written after each."""

    def __init__(self, path, isFresh):
        self.path = path
        self.figures = json.loads(path.read_text()) if path.exists() and not isFresh else {}

    def measure(self, key, make):
        if key in self.figures:
            return
        told = io.StringIO()
        try:
            with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
                figures = make()
        except Exception as e:  # what fails is a line of the table
            figures = {"failed": str(e).strip().replace("\n", " ")[:300] or type(e).__name__}
        self.figures[key] = figures
        self.path.write_text(json.dumps(self.figures, indent=1))
        print(key, shown(figures), flush=True)


def shown(figures):
    if "failed" in figures:
        return "failed: " + figures["failed"]
    words = "; ".join(f"{r:.1f}" for r in figures["sqnr"]) + f" dB, {figures['part']:.3f} of float32"
    return words + (f", top-1 {figures['top']:.1f} %" if figures.get("top") is not None else "")


def measure(options, results):
    for row in MODELS:
        for target, (_, peers) in TARGETS.items():
            if options.only not in row[0] or target not in options.to:
                continue
            who = ["Watari", *peers] if options.what == "peers" else PRECISIONS
            missing = [each for each in who if f"{row[0]}/{target}/{each}" not in results.figures]
            if not missing:
                continue
            try:
                subject = Subject(row, target, options)
            except Exception as e:
                print(row[0], target, "has no float model:", str(e)[:300])
                continue
            for each in missing:
                if options.what == "precisions":
                    make = lambda: subject.precision(each)
                else:
                    make = lambda: subject.figures(subject.watari("int8")[0] if each == "Watari" else subject.peer(each))
                results.measure(f"{row[0]}/{target}/{each}", make)


def cell(figures, isClassifier=False):
    if figures is None:
        return ""
    if "failed" in figures:
        return "fails"
    words = " ".join(f"{r:.1f}" for r in figures["sqnr"]) if len(figures["sqnr"]) < 4 else f"{min(figures['sqnr']):.1f} to {max(figures['sqnr']):.1f}"
    return words + (f" ({figures['top']:.1f} %)" if isClassifier and figures.get("top") is not None else "")


def mean(figures):
    return float(np.mean(figures["sqnr"]))


def peers_table(figures):
    lines = []
    for target, (_, peers) in TARGETS.items():
        lines += ["", f"| to {target} | Watari | " + " | ".join(peers) + " |", "| --- |" + " --- |" * (1 + len(peers))]
        margins, smaller = [], []
        for name, *_, isClassifier in MODELS:
            of = {who: figures.get(f"{name}/{target}/{who}") for who in ("Watari", *peers)}
            if of["Watari"] is None:
                continue
            lines.append(f"| {name} | " + " | ".join(cell(each, isClassifier) for each in of.values()) + " |")
            others = [each for who, each in of.items() if who != "Watari" and each and "failed" not in each]
            if others and "failed" not in of["Watari"]:
                best = max(others, key=mean)
                margins.append(mean(of["Watari"]) - mean(best))
                smaller.append(of["Watari"]["bytes"] / min(each["bytes"] for each in others))
        if margins:
            lines += ["", f"Against the best peer of each: median {statistics.median(margins):+.1f} dB, least {min(margins):+.1f} dB; {statistics.median(smaller):.2f} times the bytes of the smallest in the median."]
    return lines


def precisions_table(figures):
    lines = ["", "## What each precision costs", "", "SQNR of the worst output, and bytes against float32 (`bench/quantization.py precisions`)."]
    for target in TARGETS:
        shown = [p for p in PRECISIONS if target == "tflite" or p not in ("dynamic8", "int16x8")]
        lines += ["", f"| to {target} | " + " | ".join(shown) + " |", "| --- |" + " --- |" * len(shown)]
        for name, *_ in MODELS:
            of = [figures.get(f"{name}/{target}/{p}") for p in shown]
            if any(of):
                cells = ["fails" if f and "failed" in f else f"{min(f['sqnr']):.1f} dB, {f['part']:.2f}" if f else "" for f in of]
                lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def write_page(what, lines):
    begin, end = f"<!-- {what}:begin -->", f"<!-- {what}:end -->"
    text = PAGE.read_text()
    before, rest = text.split(begin)
    PAGE.write_text(before + begin + "\n".join(lines) + "\n\n" + end + rest.split(end)[1])


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("what", choices=["peers", "precisions"])
    words.add_argument("--models", type=pathlib.Path, default=ROOT / ".." / "shared" / "models")
    words.add_argument("--images", type=pathlib.Path)
    words.add_argument("--only", default="")
    words.add_argument("--to", default=",".join(TARGETS))
    words.add_argument("--tensorflow", default=sys.executable)
    words.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "watari-quantization")
    words.add_argument("--results", type=pathlib.Path)
    words.add_argument("--fresh", action="store_true")
    words.add_argument("--watari", nargs="*", default=[])
    options = words.parse_args()
    options.to = options.to.split(",")
    options.images = options.images or options.models / "images"
    options.work.mkdir(parents=True, exist_ok=True)
    results = Results(options.results or options.work / f"{options.what}.json", options.fresh)
    measure(options, results)
    if not options.watari:
        write_page(options.what, {"peers": peers_table, "precisions": precisions_table}[options.what](results.figures))


if __name__ == "__main__":
    main()
