#!/usr/bin/env python3
"""Times whole conversions: Watari beside other converters, and Watari against the size of a model.

    bench/compare.py peers  [--models FOLDER] [--rounds 5]   the same models by every converter, in one run
    bench/compare.py nodes  [--most 100000]                  time against the number of nodes
    bench/compare.py bytes  [--most 3e9]                     time against the bytes of weights, beside copying them

Each replaces its part of docs/benchmark.md. What was measured is kept in --results, and a call goes on where the last one ended: with
--minutes 3 it begins nothing more after three minutes, so that long comparisons can be made in pieces. It ends with code 3 while
something is left; --fresh begins anew. Figures of another commit of Watari are dropped. Needs the environments of the other converters, each a folder of --peers with a bin/:
tf2onnx, onnx2tf1 (1.x, through TensorFlow), onnx2tf2 (2.x, direct), oracle (ovc, onnx). A converter that is not there is left out.
Time is that of the whole process, memory the largest resident set of any process of it, both medians of the rounds; rounds go
through all converters before the next begins, so that a slow minute hits all of them alike.
"""
import argparse
import json
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

TFLITE = ["task/mobilenet_v1_0.25_224_1_metadata_1", "mediapipe/face_detection_short_range", "mlperf_tiny/vww_96_int8", "pose_cpm/model"]
ONNX = ["vision/pytorch_cnn_mnist", "ocr/ch_ppocr_mobile_v2.0_cls_infer", "ultraface/version-RFB-320_simplified", "light/light_squeezenet"]


class Results:
    """What was measured so far: lists of rounds by key, in a file that is written after each."""

    def __init__(self, arguments):
        self.path, self.ends = arguments.results, time.monotonic() + 60 * arguments.minutes
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.kept = {}
        if self.path.exists() and not arguments.fresh:
            self.kept = json.loads(self.path.read_text())
        self.kept = self.kept if self.kept.get("commit") == commit() else {"commit": commit()}
        self.complete = True

    def rounds(self, *key):
        return self.kept.get("/".join(key), [])

    def add(self, taken, *key):
        self.kept.setdefault("/".join(key), []).append(taken)
        self.kept.setdefault("loads", []).append(os.getloadavg()[0])
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(self.kept, indent=1))
        new.replace(self.path)

    def may_go_on(self):
        """Whether there is time for another round; else there will be something left."""
        self.complete = self.complete and time.monotonic() < self.ends
        return self.complete

    def machine(self):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        loads = self.kept.get("loads", [0])
        return (f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB of memory, {platform.system()}; "
                f"load while measuring {statistics.median(loads):.1f} (at most {max(loads):.1f}).")


def commit():
    """The commit, and whether its files were changed; the page does not count, since it is written here."""
    head = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    changed = subprocess.run(["git", "-C", ROOT, "status", "--porcelain", "--", ".", ":!docs"], capture_output=True, text=True).stdout.strip()
    return head + (" changed" if changed else "")


def median(rounds, index):
    return statistics.median(r[index] for r in rounds)


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
    results = Results(arguments)
    for model in models:
        fitting = [c for c, m in pairs if m is model]
        while any(len(results.rounds("peers", c.name, str(model))) < arguments.rounds for c in fitting) and results.may_go_on():
            peers_round(arguments, results, model, fitting)
    taken = {(c.name, m): rounds for c, m in pairs if (rounds := results.rounds("peers", c.name, str(m)))}
    models = [m for m in models if any(measured == m for _, measured in taken)]
    if not taken:
        return results
    fewest = min(map(len, taken.values()))
    lines = [f"Against {versions(arguments.peers)}; medians of {fewest} rounds. {results.machine()}", ""]
    for suffix, heading in ((".tflite", "From TFLite"), (".onnx", "From ONNX")):
        names = [c.name for c in all_converters if any(p[0] is c and p[1].suffix == suffix for p in pairs)]
        if not any(m.suffix == suffix for m in models):
            continue
        lines += table(heading, names, [m for m in models if m.suffix == suffix], taken)
    write("peers", lines)
    return results


def peers_round(arguments, results, model, fitting):
    figures, files = {}, {}
    for converter in fitting:
        *figures[converter.name], data = converter.run(model)
        if data:
            files[converter.name] = data
    counted = transposes(arguments.peers, files)
    for name, (seconds, megabytes, well) in figures.items():
        results.add([seconds, megabytes, well, counted.get(name, -1)], "peers", name, str(model))
        print(f"{name:24} {model.name:48} {seconds:7.2f} s {megabytes:6.0f} MB {'' if well else 'FAILED'}", file=sys.stderr)


def target(converter):
    return converter.suffix


def table(heading, names, models, taken):
    lines = [f"### {heading}", "", 'Seconds / MB / Transposes in the result; "fails": it ended with an error or without a result, which was not looked into:', ""]
    lines += ["| model | " + " | ".join(names) + " |", "| --- |" + " ---: |" * len(names)]
    summed = {name: [] for name in names}
    for model in models:
        cells = []
        for name in names:
            figures = taken.get((name, model))
            if not figures or not all(f[2] for f in figures):
                cells.append("fails" if figures else "")
                continue
            seconds, megabytes, count = median(figures, 0), median(figures, 1), figures[-1][3]
            summed[name].append((model, seconds, megabytes, count))
            cells.append(f"{seconds:.2f} / {megabytes:.0f} / {'?' if count < 0 else count}")
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
    results = Results(arguments)
    sizes = [n for n in (100, 1_000, 10_000, 100_000) if n <= arguments.most]
    columns = [(shape, source, to) for shape in ("chain", "mesh") for source, to in (("onnx", "tflite"), ("onnx", "onnx"), ("tflite", "onnx"))]
    cells = [(size, *column) for size in sizes for column in columns]
    for cell in cells:
        missing = arguments.rounds - len(results.rounds("nodes", *map(str, cell)))
        if missing > 0 and results.may_go_on():
            sized(arguments, results, cell, missing)
    spoken = {"onnx": "ONNX", "tflite": "TFLite"}
    heads = [f"{shape}, {spoken[source]} to {spoken[to]}" for shape, source, to in columns]
    lines = [results.machine(), "", f"Chains and meshes of small operators; seconds / MB, medians of {arguments.rounds}:", "",
             "| nodes | " + " | ".join(heads) + " |", "| ---: |" + " ---: |" * len(heads)]
    for size in sizes:
        rows = [results.rounds("nodes", *map(str, cell)) for cell in cells if cell[0] == size]
        lines.append(f"| {size} | " + " | ".join(figures(rounds, " / ") for rounds in rows) + " |")
    write("nodes", lines)
    return results


def figures(rounds, between):
    if not rounds:
        return between.replace(" / ", "")
    if not all(r[2] for r in rounds):
        return "fails" + between.replace(" / ", "")
    return f"{median(rounds, 0):.2f}{between}{median(rounds, 1):.0f}"


def sized(arguments, results, cell, rounds):
    size, shape, source, to = cell
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as scratch:
        folder = pathlib.Path(scratch)
        make(arguments, folder / "in.onnx", [shape, size])
        if source != "onnx":
            _, _, well = measure(watari("--to", source)(folder / "in.onnx", folder), folder)
            if not well:
                raise SystemExit(f"no {source} file of {size} nodes could be made")
        for _ in range(rounds):
            taken = measure(watari("--to", to, "--force")(folder / ("in." + source), folder / "out"), folder)
            results.add(taken, "nodes", *map(str, cell))
            print(*cell, *taken, file=sys.stderr)


def bytes_(arguments):
    results = Results(arguments)
    sizes = [n for n in (100_000_000, 300_000_000, 1_000_000_000, 3_000_000_000) if n <= arguments.most]
    for size in sizes:
        missing = arguments.rounds - len(results.rounds("bytes", str(size), "tflite"))
        if missing > 0 and results.may_go_on():
            weighed(arguments, results, size, missing)
    lines = [results.machine(), "", f"Watari ran with `WATARI_JAVA_OPTS={os.environ.get('WATARI_JAVA_OPTS', '')}`.", "",
             "ONNX with external data to ONNX and to TFLite, beside `cp --reflink=never` of its files and a sync of neither; "
             f"seconds, medians of {arguments.rounds}:", "",
             "| MB of weights | cp | to ONNX | MB resident | times cp | to TFLite | MB resident |", "| ---: |" + " ---: |" * 6]
    for size in sizes:
        copied, kept, crossed = (results.rounds("bytes", str(size), what) for what in ("cp", "onnx", "tflite"))
        if not crossed:
            continue
        times = median(kept, 0) / median(copied, 0)
        lines.append(f"| {size // 1_000_000} | {median(copied, 0):.2f} | {figures(kept, ' | ')} | {times:.2f} | {figures(crossed, ' | ')} |")
    write("bytes", lines)
    return results


def weighed(arguments, results, size, rounds):
    """Each measurement begins with nothing left to write to the disk, and the source read."""
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as scratch:
        folder = pathlib.Path(scratch)
        make(arguments, folder / "in.onnx", ["weights", size])
        source, out = folder / "in.onnx", folder / "out"
        commands = {
            "cp": ["cp", "--reflink=never", source, folder / "in.data", out],
            "onnx": watari("--to", "onnx", "--external-data")(source, out),
            "tflite": watari("--to", "tflite")(source, out),
        }
        for _ in range(rounds):
            for what, command in commands.items():
                out.mkdir()
                os.sync()
                taken = measure(command, folder)
                shutil.rmtree(out)
                results.add(taken, "bytes", str(size), what)
                print(size, what, *taken, file=sys.stderr)


def make(arguments, path, made):
    python = arguments.peers / "oracle" / "bin" / "python"
    script = ROOT / "bench" / "make_model.py"
    subprocess.run([python if python.exists() else sys.executable, script, path, *map(str, made)], check=True)


# ---- the page


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
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "target" / "compare.json")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin nothing more after so many")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured")
    arguments = parser.parse_args()
    subprocess.run([ROOT / "watari", "--version"], check=True, stdout=subprocess.DEVNULL)  # builds
    results = {"peers": peers, "nodes": nodes, "bytes": bytes_}[arguments.what](arguments)
    if not results.complete:
        print("not all is measured yet: call it again", file=sys.stderr)
        sys.exit(3)


if __name__ == "__main__":
    main()
