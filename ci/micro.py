#!/usr/bin/env python3
"""Judges models for microcontrollers: each of a folder's TFLite models goes to tflm, and the array of the result runs under tflite-micro.

  micro.py FOLDER [FOLDER...]

Runs where tflite-micro and numpy are installed. The result gives what the source gives there, and its arena is never too small and at most
15 % too large. What tflite-micro does not take itself is left out. WATARI names the program (default: ./watari).
"""
import os, re, shlex, subprocess, sys, tempfile
from pathlib import Path
import numpy as np

MOST = 1.15
ARENA_BYTES = 16 << 20


def run(data):
    """Outputs on seeded inputs; prints what was allocated."""
    from tflite_micro import runtime
    interpreter = runtime.Interpreter.from_bytes(data, arena_size=ARENA_BYTES)
    interpreter.print_allocations()
    rng = np.random.default_rng(5)
    inputs, outputs = [], []
    for name, all_ in (("get_input_details", inputs), ("get_output_details", outputs)):
        for i in range(16):
            try:
                all_.append(getattr(interpreter, name)(i))
            except (IndexError, RuntimeError, ValueError):
                break
    for i, detail in enumerate(inputs):
        dtype, shape = np.dtype(detail["dtype"]), detail["shape"]
        x = rng.uniform(-1, 1, shape) if dtype.kind == "f" else rng.integers(np.iinfo(dtype).min // 2, np.iinfo(dtype).max // 2, shape)
        interpreter.set_input(x.astype(dtype), i)
    interpreter.invoke()
    return [interpreter.get_output(i) for i in range(len(outputs))]


def tried(path):
    """Outputs and allocated bytes of a model, in a process of its own: tflite-micro prints, and may end it."""
    with tempfile.NamedTemporaryFile(suffix=".npz") as out:
        done = subprocess.run([sys.executable, __file__, "--run", str(path), out.name], capture_output=True, text=True)
        total = re.search(r"Arena allocation total (\d+)", done.stdout + done.stderr)
        if done.returncode or not total:
            return None
        with np.load(out.name) as arrays:
            return [arrays[name] for name in arrays.files], int(total[1])


def main(folders):
    bad = judged = 0
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        for path in sorted(p for folder in folders for p in Path(folder).glob("*.tflite")):
            source = tried(path)
            if source is None:
                print(f"    {path.name}: tflite-micro does not take it")
                continue
            command = [*shlex.split(os.environ.get("WATARI", "./watari")), "convert", path, "--to", "tflm", "-o", work, "--no-verify", "--force"]
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
            if done.returncode:
                print(f"BAD {path.name}: {done.stderr.strip()[:300]}")
                bad += 1
                continue
            numbers = re.search(r"_data\[\] = \{(.*?)\};", (work / f"{path.stem}.cc").read_text(), re.S)[1]
            array = work / f"{path.stem}.tflite"
            array.write_bytes(bytes(int(n) for n in numbers.replace("\n", " ").split(",") if n.strip()))
            arena = int(re.search(r"arena_size = (\d+);", (work / f"{path.stem}.h").read_text())[1])
            result = tried(array)
            same = result is not None and all(np.allclose(a.astype(float), b.astype(float), atol=1e-5 * max(1, np.abs(a).max()))
                                              for a, b in zip(source[0], result[0]))
            ratio = arena / result[1] if result else 0
            judged += 1
            right = same and 1 <= ratio <= MOST
            bad += not right
            print(f"{'ok ' if right else 'BAD'} {path.name}: arena {arena}, {ratio:.3f} of what is used; outputs {'equal' if same else 'differ'}")
    print(f"{judged} judged, {bad} bad")
    return bad > 0 or judged == 0


if __name__ == "__main__":
    if sys.argv[1] == "--run":
        np.savez(sys.argv[3], *run(Path(sys.argv[2]).read_bytes()))
        sys.exit(0)
    sys.exit(main(sys.argv[1:]))
