#!/usr/bin/env python3
"""Judges how Watari writes out custom operators of TFLite models: each against numpy, by its definition, on three runtimes;
detection heads against LiteRT's own.

  customs.py MODELS      MODELS: a folder of TFLite models (../shared/models/tflite), whose own ones are compared across targets

Runs in the judges' environment (ai_edge_litert, onnxruntime, openvino). WATARI names the program (default: ./watari).
"""
import os, shlex, struct, subprocess, sys, tempfile
from pathlib import Path
import numpy as np
import flatbuffers
from flatbuffers import flexbuffers
from ai_edge_litert import schema_py_generated as schema

LIMIT = 1e-4
TARGETS = {"onnx": ".onnx", "openvino": ".xml", "tflite": ".tflite"}


def watari(*args):
    done = subprocess.run([*shlex.split(os.environ.get("WATARI", "./watari")), *map(str, args)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"watari {' '.join(map(str, args))}: {done.returncode}\n{done.stdout}{done.stderr}")


def model_of(name, version, options, inputs, outputs):
    """The bytes of a model of one custom operator."""
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode, code.customCode, code.version = 32, 32, name, version
    types = {"float32": 0, "int32": 2}
    tensors = []
    for i, (shape, dtype) in enumerate(inputs + outputs):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = f"t{i}", list(shape), types[dtype], 0
        tensors.append(tensor)
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.customOptions = 0, list(options)
    operator.inputs = list(range(len(inputs)))
    operator.outputs = list(range(len(inputs), len(tensors)))
    graph = schema.SubGraphT()
    graph.tensors, graph.operators, graph.inputs, graph.outputs = tensors, [operator], operator.inputs, operator.outputs
    model = schema.ModelT()
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [code], [graph], [schema.BufferT()]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def run(path, inputs):
    """Outputs in order, given inputs in order."""
    if path.suffix == ".onnx":
        import onnxruntime
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return session.run(None, {i.name: x for i, x in zip(session.get_inputs(), inputs)})
    if path.suffix == ".xml":
        import openvino
        compiled = openvino.Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        result = compiled(list(inputs))
        return [result[output] for output in compiled.outputs]
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    for i, x in zip(interpreter.get_input_details(), inputs):
        interpreter.set_tensor(i["index"], x)
    interpreter.invoke()
    return [interpreter.get_tensor(o["index"]) for o in interpreter.get_output_details()]


def converted(path, folder):
    watari("convert", path, "--to", ",".join(TARGETS), "-o", folder, "--custom", "standard", "--keep-io-layout", "--no-verify", "--force")
    return {target: folder / (path.stem + suffix) for target, suffix in TARGETS.items()}


# ---- definitions

def argmax_pool(x, same, s, k):
    n, h, w, c = x.shape
    size = [-(-d // s) if same else (d - f + s) // s for d, f in zip((h, w), k)]
    pad = [max(0, (o - 1) * s + f - d) // 2 for o, f, d in zip(size, k, (h, w))]
    values, places = np.empty((n, *size, c), np.float32), np.empty((n, *size, c), np.float32)
    for y in range(size[0]):
        for z in range(size[1]):
            window = np.full((n, *k, c), -np.inf, np.float32)
            for i in range(k[0]):
                for j in range(k[1]):
                    a, b = y * s - pad[0] + i, z * s - pad[1] + j
                    if 0 <= a < h and 0 <= b < w:
                        window[:, i, j] = x[:, a, b]
            flat = window.reshape(n, -1, c)
            values[:, y, z], places[:, y, z] = flat.max(1), flat.argmax(1) + np.float32(0.1)
    return [values, places]


def unpool(x, at, s, k):
    n, h, w, c = x.shape
    out = np.zeros((n, h * k[0], w * k[1], c), np.float32)
    pad = [max(0, (d - 1) * s + f - d * f) // 2 for d, f in zip((h, w), k)]
    for i in np.ndindex(x.shape):
        place = int(at[i])
        y, z = i[1] * s - pad[0] + place // k[1], i[2] * s - pad[1] + place % k[1]
        if 0 <= y < out.shape[1] and 0 <= z < out.shape[2]:
            out[i[0], y, z, i[3]] = x[i]
    return [out]


def flat_unpool(x, at, same, s, k):
    n, h, w, c = x.shape
    size = (h * s, w * s) if same else ((h - 1) * s + k[0], (w - 1) * s + k[1])
    out = np.zeros((n, size[0] * size[1] * c), np.float32)
    for i in np.ndindex(x.shape):
        out[i[0], at[i]] = x[i]
    return [out.reshape(n, *size, c)]


def transpose_conv(x, weights, bias, same, s):
    n, h, w, _ = x.shape
    o, kh, kw, _ = weights.shape
    crop = [max(0, k - (d - 1) % s - 1) if same else 0 for k, d in ((kh, h), (kw, w))]
    full = np.zeros((n, s * (h - 1) + kh, s * (w - 1) + kw, o), np.float64)
    for y in range(h):
        for z in range(w):
            full[:, y * s:y * s + kh, z * s:z * s + kw] += np.einsum("ni,oabi->nabo", x[:, y, z], weights)
    top, left = crop[0] // 2, crop[1] // 2
    return [(full[:, top:full.shape[1] - crop[0] + top, left:full.shape[2] - crop[1] + left] + bias).astype(np.float32)]


def crop_matrix(points, right, angle, scale, size):
    p = points[0, :, :2].astype(np.float64)
    r = angle - np.arctan2(*(p[right] - p[0])[::-1])
    turn = lambda a: np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    q = p @ turn(r).T
    low, high = q.min(0), q.max(0)
    m = np.eye(4)
    m[:2, :2] = turn(-r) @ np.diag((high - low) * scale / size)
    m[:2, 3] = turn(-r) @ ((low + high) / 2) - m[:2, :2] @ (np.array(size) / 2)
    return [m[None].astype(np.float32)]


def moved(points, m):
    out = points.copy()
    out[..., :2] = points[..., :2] @ m[0, :2, :2].T + m[0, :2, 3]
    return [out]


def warp(x, m, size, half):
    _, h, w, c = x.shape
    out = np.zeros((1, *size, c), np.float32)
    for y in range(size[0]):
        for z in range(size[1]):
            a, b = m[0, :2, :2].astype(np.float64) @ (z + half, y + half) + m[0, :2, 3] - half
            if not (0 <= a <= w - 1 and 0 <= b <= h - 1):
                continue
            for i in range(4):
                u, v = int(np.floor(a)) + i % 2, int(np.floor(b)) + i // 2
                if u < w and v < h:
                    out[0, y, z] += (1 - abs(a - u)) * (1 - abs(b - v)) * x[0, v, u]
    return [out]


def cases():
    """name, version, options, inputs, outputs by definition."""
    rng = np.random.default_rng(7)
    noise = lambda *shape: rng.uniform(-1, 1, shape).astype(np.float32)
    for same, s, k in ((1, 2, (2, 2)), (2, 2, (2, 2)), (1, 2, (3, 2)), (1, 1, (3, 3)), (2, 3, (2, 3))):
        pool = struct.pack("<6i", same, s, s, k[1], k[0], 0)
        x = noise(2, 7, 8, 3)
        yield "MaxPoolingWithArgmax2D", 1, pool, [x], argmax_pool(x, same == 1, s, k)
        x, at = noise(2, 3, 4, 3), rng.integers(0, k[0] * k[1], (2, 3, 4, 3)).astype(np.float32) + np.float32(0.1)
        yield "MaxUnpooling2D", 1, pool, [x, at], unpool(x, at, s, k)
        out = (3 * s * 4 * s if same == 1 else (2 * s + k[0]) * (3 * s + k[1])) * 3
        at = rng.integers(0, out, x.shape).astype(np.int32)
        yield "LiteRtMaxUnpooling2D", 1, pool, [x, at], flat_unpool(x, at, same == 1, s, k)
        x, weights, bias = noise(1, 4, 5, 3), noise(2, *k, 3), noise(2)
        yield ("Convolution2DTransposeBias", 1, struct.pack("<3i", same, s, s), [x, weights, bias],
               transpose_conv(x, weights, bias, same == 1, s))
    for angle, scale, size in ((0.0, (1.5, 1.25), (16, 12)), (0.8, (1.0, 2.0), (5, 9))):
        points = noise(1, 6, 3)
        options = {"left_rotation_idx": 0, "right_rotation_idx": 4, "subset_idxs": list(range(6)), "target_rotation_radians": angle,
                   "output_width": size[0], "output_height": size[1], "scale_x": scale[0], "scale_y": scale[1]}
        yield "Landmarks2TransformMatrix", 2, flexbuffers.Dumps(options), [points], crop_matrix(points, 4, angle, scale, size)
    for dims in (2, 3):
        points, m = noise(1, 9, dims), noise(1, 4, 4)
        yield "TransformLandmarks", 2, b"", [points, m], moved(points, m)
    m = np.array([[[1.3, -.4, 0, .5], [.35, .6, 0, .4], [0, 0, 1, 0], [0, 0, 0, 1]]], np.float32)
    x = noise(1, 6, 7, 4)
    yield "TransformTensorBilinear", 2, flexbuffers.Dumps({"output_height": 5, "output_width": 8}), [x, m], warp(x, m, (5, 8), .5)
    yield "TransformTensor", 1, flexbuffers.Dumps({"mode": "bilinear", "output_size": [5, 8]}), [x, m], warp(x, m, (5, 8), 0)


def heads():
    """Settings of TFLite_Detection_PostProcess: options, encodings, scores, anchors."""
    rng = np.random.default_rng(11)
    for regular, per_box, classes, background, most, threshold in (
            (False, 1, 3, 0, 10, .3), (False, 1, 3, 1, 5, .5), (False, 2, 3, 0, 4, .4), (False, 4, 3, 1, 6, .2),
            (True, 1, 3, 0, 10, .3), (True, 1, 4, 1, 20, .5), (True, 1, 1, 1, 6, .1), (False, 1, 2, 0, 50, .95)):
        n = 40
        options = {"max_detections": most, "max_classes_per_detection": per_box, "detections_per_class": 7, "use_regular_nms": regular,
                   "nms_score_threshold": threshold, "nms_iou_threshold": .45, "num_classes": classes,
                   "y_scale": 10.0, "x_scale": 10.0, "h_scale": 5.0, "w_scale": 5.0}
        centres, sizes = rng.uniform(.1, .9, (n, 2)), rng.uniform(.05, .5, (n, 2))
        anchors = np.concatenate([centres, sizes], 1).astype(np.float32)
        codes = rng.normal(0, 1, (1, n, 4)).astype(np.float32)
        scores = rng.uniform(0, 1, (1, n, classes + background)).astype(np.float32)
        yield options, codes, scores, anchors
def error(a, b):
    return float("inf") if a.shape != b.shape else float(np.abs(a - b).max() / max(1, np.abs(a).max()))


def main(models):
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for number, (name, version, options, inputs, outputs) in enumerate(cases()):
            path = folder / f"{number}.tflite"
            path.write_bytes(model_of(name, version, options, *([(x.shape, x.dtype.name) for x in xs] for xs in (inputs, outputs))))
            for target, result in converted(path, folder / "out").items():
                worst = max(map(error, outputs, run(result, inputs)))
                bad += not worst <= LIMIT
                print(f"{'ok ' if worst <= LIMIT else 'BAD'} {name} v{version} {target} {worst:.1e}")
        for number, (options, *inputs) in enumerate(heads()):
            places = options["max_detections"] * options["max_classes_per_detection"]
            shapes = [(1, places, 4), (1, places), (1, places), (1,)]
            path = folder / f"head{number}.tflite"
            path.write_bytes(model_of("TFLite_Detection_PostProcess", 1, flexbuffers.Dumps(options),
                                      *([(shape, "float32") for shape in xs] for xs in ([x.shape for x in inputs], shapes))))
            wanted = run(path, inputs)
            # Places without a detection hold anything in LiteRT.
            classes = options["num_classes"] if not options["use_regular_nms"] else places
            used = np.zeros(places, bool)
            for box in range(int(wanted[3][0])):
                first = box * (1 if options["use_regular_nms"] else options["max_classes_per_detection"])
                used[first:first + min(classes, 1 if options["use_regular_nms"] else options["max_classes_per_detection"])] = True
            for target, result in converted(path, folder / "out").items():
                got = run(result, inputs)
                worst = max(error(a[:, used], b[:, used]) for a, b in zip(wanted[:3], got))
                worst = max(worst, error(wanted[3], got[3]))
                bad += not worst <= LIMIT
                print(f"{'ok ' if worst <= LIMIT else 'BAD'} TFLite_Detection_PostProcess {number} {target} {worst:.1e}")
        for model in ("mediapipe/face_landmark_with_attention", "mediapipe/selfie_segmentation", "litert/max_unpooling_2d"):
            results = converted(Path(models) / f"{model}.tflite", folder / "out")
            from ai_edge_litert.interpreter import Interpreter
            rng = np.random.default_rng(3)
            inputs = []
            for i in Interpreter(str(results["tflite"])).get_input_details():
                x = rng.uniform(0, 1, i["shape"]) if i["dtype"] == np.float32 else rng.integers(0, 100, i["shape"])
                inputs.append(x.astype(i["dtype"]))
            wanted = run(results["onnx"], inputs)
            for target in ("openvino", "tflite"):
                worst = max(map(error, wanted, run(results[target], inputs)))
                bad += not worst <= LIMIT
                print(f"{'ok ' if worst <= LIMIT else 'BAD'} {model} onnx, {target} {worst:.1e}")
    print(f"{bad} bad")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
