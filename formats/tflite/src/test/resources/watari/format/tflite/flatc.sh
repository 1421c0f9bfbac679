#!/bin/sh
# Makes small.json of small.tflite with flatc 2.0.8, the version that the older tools bring: sh flatc.sh
set -eu
cd "$(dirname "$0")"
flatc --json --strict-json --defaults-json --raw-binary ../../../../../main/resources/watari/format/tflite/schema/tflite.fbs -- small.tflite
