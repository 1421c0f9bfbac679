#!/usr/bin/env python3
"""Times whole conversions: Watari beside other converters, and Watari against the size of a model.

    bench/compare.py peers  [--models FOLDER] [--rounds 5]   the same models by every converter, in one run
    bench/compare.py nodes  [--most 100000]                  time against the number of nodes
    bench/compare.py bytes  [--most 3e9]                     time against the bytes of weights, beside copying them

Each replaces its part of docs/benchmark.md. Needs the environments of the other converters, each a folder of --peers with a bin/:
tf2onnx, onnx2tf1 (1.x, through TensorFlow), onnx2tf2 (2.x, direct), oracle (ovc, onnx). A converter that is not there is left out.
Time is that of the whole process, memory the largest resident set of any process of it, both medians of the rounds; rounds go
through all converters before the next begins, so that a slow minute hits all of them alike.
"""
import argparse
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmark.md"
LIMIT_SECONDS = 600

TFLITE = ["mlperf_tiny/pretrainedResnet", "mlperf_tiny/vww_96_float", "mlperf_tiny/vww_96_int8", "pose_cpm/model", "task/deeplabv3"]
ONNX = ["vision/pytorch_cnn_mnist", "basic_pitch/nmp", "ocr/ch_ppocr_mobile_v2.0_cls_infer", "ultraface/version-RFB-320_simplified", "light/light_squeezenet"]


def measure(command, folder):
    """Seconds, MB and whether it went well, of a process and its children."""
    environment = dict(os.environ, ORT_DISABLE_TELEMETRY="1", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    with open(folder / "log", "ab") as log:
        began = time.perf_counter()
        process = subprocess.Popen([str(c) for c in command], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   env=environment, start_new_session=True)
        _, status, usage = wait(process, began)
        return time.perf_counter() - began, usage.ru_maxrss / 1024, status == 0


def wait(process, began):
    while True:
        done = os.wait4(process.pid, os.WNOHANG)
        if done[0]:
            process.returncode = done[1]
            return done
        if time.perf_counter() - began > LIMIT_SECONDS:
            os.killpg(process.pid, 9)
        time.sleep(0.002)


class Converter:
    def __init__(self, name, home, command, sources, suffix):
        self.name, self.home, self.command, self.sources, self.suffix = name, home, command, sources, suffix

    def run(self, model):
        """Converts a private copy in a folder of its own; gives what measure gives and the result's Transposes."""
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            copy = folder / ("in" + model.suffix)
            shutil.copyfile(model, copy)
            (folder / "out").mkdir()
            noise(folder)
            seconds, megabytes, well = measure(self.command(copy, folder / "out"), folder)
            results = sorted((folder / "out").rglob("*" + self.suffix))
            results = [r for r in results if "float16" not in r.name] or results
            well = well and bool(results)
            return seconds, megabytes, well, results[0].read_bytes() if well else b""


def noise(folder):
    """onnx2tf 1 would download sample images without this file, whatever is in it."""
    import struct

    name = folder / "calibration_image_sample_data_20x128x128x3_float32.npy"
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (20, 128, 128, 3), }"
    header = header.ljust(117) + "\n"
    with open(name, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.truncate(file.tell() + 20 * 128 * 128 * 3 * 4)


def watari(*options):
    return lambda model, out: [ROOT / "watari", "convert", model, "-o", out, "--no-verify", "-q", *options]


def converters(peers):
    bin_of = lambda name: peers / name / "bin"
    found = [
        Converter("Watari to ONNX", None, watari("--to", "onnx"), (".tflite", ".onnx"), ".onnx"),
        Converter("tf2onnx", bin_of("tf2onnx"),
                  lambda m, o: [bin_of("tf2onnx") / "python", "-m", "tf2onnx.convert", "--tflite", m, "--output", o / "x.onnx", "--opset", "18"],
                  (".tflite",), ".onnx"),
        Converter("ovc (to OpenVINO)", bin_of("oracle"),
                  lambda m, o: [bin_of("oracle") / "ovc", m, "--output_model", o / "x.xml", "--compress_to_fp16", "False"],
                  (".tflite", ".onnx"), ".xml"),
        Converter("Watari to TFLite", None, watari("--to", "tflite"), (".tflite", ".onnx"), ".tflite"),
        Converter("onnx2tf 2 (direct)", bin_of("onnx2tf2"),
                  lambda m, o: [bin_of("onnx2tf2") / "onnx2tf", "-i", m, "-o", o, "-n"], (".onnx",), ".tflite"),
        Converter("onnx2tf 1 (TensorFlow)", bin_of("onnx2tf1"),
                  lambda m, o: [bin_of("onnx2tf1") / "onnx2tf", "-i", m, "-o", o, "-n"], (".onnx",), ".tflite"),
    ]
    return [c for c in found if c.home is None or c.home.is_dir()]


def versions(peers):
    packages = [("tf2onnx", "tf2onnx"), ("onnx2tf1", "onnx2tf"), ("onnx2tf2", "onnx2tf"), ("oracle", "openvino")]
    said = []
    for home, package in packages:
        found = sorted((peers / home).glob(f"lib/python3*/site-packages/{package}-*.dist-info"))
        if found:
            said.append(f"{package} {found[-1].name[len(package) + 1:-len('.dist-info')]}")
    return ", ".join(said)


def transposes(peers, results):
    """Counts Transposes in ONNX and TFLite files, given as {key: bytes}, with the formats' own libraries."""
    python = peers / "oracle" / "bin" / "python"
    if not python.exists():
        return {}
    with tempfile.TemporaryDirectory() as scratch:
        for i, data in enumerate(results.values()):
            (pathlib.Path(scratch) / str(i)).write_bytes(data)
        script = (
            "import sys, onnx\n"
            "from ai_edge_litert import schema_py_generated as s\n"
            "def lite(d):\n"
            "  m = s.ModelT.InitFromPackedBuf(d, 0)\n"
            "  kinds = [max(c.builtinCode, c.deprecatedBuiltinCode) for c in m.operatorCodes]\n"
            "  return sum(kinds[o.opcodeIndex] == s.BuiltinOperator.TRANSPOSE for g in m.subgraphs for o in g.operators or [])\n"
            "def xml(d): return d.count(b'type=\"Transpose\"')\n"
            "def proto(d): return sum(n.op_type == 'Transpose' for n in onnx.load_from_string(d).graph.node)\n"
            f"for i in range({len(results)}):\n"
            f"  d = open({scratch!r} + '/' + str(i), 'rb').read()\n"
            "  print(lite(d) if d[4:8] == b'TFL3' else xml(d) if d[:5] == b'<?xml' else proto(d))\n"
        )
        said = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    return dict(zip(results, map(int, said)))


def peers(arguments):
    models = [arguments.models / "tflite" / (m + ".tflite") for m in TFLITE]
    models += [arguments.models / "onnx" / (m + ".onnx") for m in ONNX]
    models = [m for m in models if m.exists()]
    all_converters = converters(arguments.peers)
    pairs = [(c, m) for m in models for c in all_converters if m.suffix in c.sources and target(c) != m.suffix]
    taken, results = {}, {}
    for round_ in range(arguments.rounds):
        for converter, model in pairs:
            *figures, data = converter.run(model)
            taken.setdefault((converter.name, model), []).append(figures)
            if figures[2]:
                results[converter.name, model] = data
            print(f"{round_ + 1} {converter.name:24} {model.name:48} {figures[0]:7.2f} s {figures[1]:6.0f} MB {'' if figures[2] else 'FAILED'}", file=sys.stderr)
    counted = transposes(arguments.peers, results)
    lines = [f"Against {versions(arguments.peers)}; medians of {arguments.rounds}. {machine()}", ""]
    for suffix, heading in ((".tflite", "From TFLite"), (".onnx", "From ONNX")):
        names = [c.name for c in all_converters if any(p[0] is c and p[1].suffix == suffix for p in pairs)]
        lines += table(heading, names, [m for m in models if m.suffix == suffix], taken, counted)
    write("peers", lines)


def target(converter):
    return converter.suffix


def table(heading, names, models, taken, counted):
    lines = [f"### {heading}", "", "Seconds / MB / Transposes in the result:", ""]
    lines += ["| model | " + " | ".join(names) + " |", "| --- |" + " ---: |" * len(names)]
    summed = {name: [] for name in names}
    for model in models:
        cells = []
        for name in names:
            figures = taken.get((name, model))
            if not figures or not all(f[2] for f in figures):
                cells.append("fails" if figures else "")
                continue
            seconds, megabytes = (statistics.median(f[i] for f in figures) for i in (0, 1))
            summed[name].append((model, seconds, megabytes, counted.get((name, model), 0)))
            cells.append(f"{seconds:.2f} / {megabytes:.0f} / {counted.get((name, model), '?')}")
        lines.append(f"| {model.parent.name}/{model.name} | " + " | ".join(cells) + " |")
    common = set(models).intersection(*({row[0] for row in rows} for rows in summed.values()))
    cells = []
    for name in names:
        rows = [row for row in summed[name] if row[0] in common]
        if not rows:
            cells.append("")
            continue
        cells.append(f"{statistics.median(r[1] for r in rows):.2f} / {statistics.median(r[2] for r in rows):.0f} / {sum(r[3] for r in rows)}")
    lines += [f"| **of the {len(common)} that all convert: medians, and Transposes summed** | " + " | ".join(cells) + " |", ""]
    return lines


# ---- size


def nodes(arguments):
    sizes = [n for n in (100, 1_000, 10_000, 100_000) if n <= arguments.most]
    lines = [machine(), "", "Chains and meshes of small operators, as ONNX, to TFLite and back to ONNX; seconds / MB, medians of "
             f"{arguments.rounds}:", "", "| nodes | chain to TFLite | chain to ONNX | mesh to TFLite | mesh to ONNX |", "| ---: |" + " ---: |" * 4]
    for size in sizes:
        cells = []
        for shape in ("chain", "mesh"):
            for to in ("tflite", "onnx"):
                cells.append(sized(arguments, [shape, size], to))
                print(size, shape, to, cells[-1], file=sys.stderr)
        lines.append(f"| {size} | " + " | ".join(cells) + " |")
    write("nodes", lines)


def sized(arguments, made, to):
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as scratch:
        folder = pathlib.Path(scratch)
        make(arguments, folder / "in.onnx", made)
        taken = []
        for _ in range(arguments.rounds):
            taken.append(measure(watari("--to", to, "--force")(folder / "in.onnx", folder / "out"), folder))
        if not all(t[2] for t in taken):
            return "fails"
        return f"{statistics.median(t[0] for t in taken):.2f} / {statistics.median(t[1] for t in taken):.0f}"


def bytes_(arguments):
    sizes = [n for n in (100_000_000, 300_000_000, 1_000_000_000, 3_000_000_000) if n <= arguments.most]
    lines = [machine(), "", "ONNX with external data to ONNX and to TFLite, beside `cp --reflink=never` of its files and a sync of neither; "
             f"seconds, medians of {arguments.rounds}:", "",
             "| MB of weights | cp | to ONNX | MB resident | to TFLite | MB resident |", "| ---: |" + " ---: |" * 5]
    for size in sizes:
        with tempfile.TemporaryDirectory(dir=arguments.scratch) as scratch:
            folder = pathlib.Path(scratch)
            make(arguments, folder / "in.onnx", ["weights", size])
            copied, kept, crossed = [], [], []
            for _ in range(arguments.rounds):
                shutil.rmtree(folder / "copy", ignore_errors=True)
                (folder / "copy").mkdir()
                copied.append(measure(["cp", "--reflink=never", folder / "in.onnx", folder / "in.data", folder / "copy"], folder))
                shutil.rmtree(folder / "copy")
                for taken, to in ((kept, ["--to", "onnx", "--external-data"]), (crossed, ["--to", "tflite"])):
                    taken.append(measure(watari(*to)(folder / "in.onnx", folder / "out"), folder))
                    shutil.rmtree(folder / "out", ignore_errors=True)
            cells = [f"{statistics.median(t[0] for t in copied):.2f}"]
            for taken in (kept, crossed):
                well = all(t[2] for t in taken)
                cells += [f"{statistics.median(t[0] for t in taken):.2f}", f"{statistics.median(t[1] for t in taken):.0f}"] if well else ["fails", ""]
            print(size, cells, file=sys.stderr)
            lines.append(f"| {size // 1_000_000} | " + " | ".join(cells) + " |")
    write("bytes", lines)


def make(arguments, path, made):
    python = arguments.peers / "oracle" / "bin" / "python"
    script = ROOT / "bench" / "make_model.py"
    subprocess.run([python if python.exists() else sys.executable, script, path, *map(str, made)], check=True)


# ---- the page


def machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[1]
    return f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB of memory, {platform.system()}; load of the last 5 minutes at the end {load:.1f}."


def write(part, lines):
    begin, end = f"<!-- {part}:begin -->", f"<!-- {part}:end -->"
    page = PAGE.read_text()
    if begin not in page:
        raise SystemExit(f"{PAGE} has no line {begin}")
    body = "\n".join([begin, *lines, end])
    PAGE.write_text(re.sub(re.escape(begin) + ".*?" + re.escape(end), lambda _: body, page, flags=re.S))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("peers", "nodes", "bytes"))
    parser.add_argument("--models", type=pathlib.Path, default=ROOT.parent / "shared" / "models")
    parser.add_argument("--peers", type=pathlib.Path, default=pathlib.Path(os.environ.get("WATARI_JUDGE", pathlib.Path.home() / ".watari-judge")))
    parser.add_argument("--scratch", type=pathlib.Path, default=None, help="folder for large files")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=float, default=3e9)
    arguments = parser.parse_args()
    subprocess.run([ROOT / "watari", "--version"], check=True, stdout=subprocess.DEVNULL)  # builds
    {"peers": peers, "nodes": nodes, "bytes": bytes_}[arguments.what](arguments)


if __name__ == "__main__":
    main()
