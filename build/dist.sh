# Builds what ./watari runs, in cli/target/dist; sourced by ./watari (POSIX sh). Needs $root, $dist, up_to_date.
#
#   watari.jar, lib/   the program and its libraries
#   native/            the engines' native libraries, unpacked once
#   watari.aot         classes loaded and linked ahead of time, by a training run
#   stamp              written last; its first line is the JDK, its time is when the build began

. "$root/build/jdk.sh"

build_dist() {
  lock=$root/cli/target/dist.lock
  mkdir -p "$root/cli/target" || return 1
  take_lock
  trap 'rm -f "$lock"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' HUP TERM
  status=0
  up_to_date || make_dist || status=1
  rm -f "$lock"
  trap - EXIT INT HUP TERM
  return $status
}

# One build at a time. The lock is a symbolic link to the holder's process id: made in one step, never without an owner.
take_lock() {
  waited=
  until ln -s "$$" "$lock" 2>/dev/null; do
    holder=$(readlink "$lock") || continue
    if ! kill -0 "$holder" 2>/dev/null; then
      # The holder died. Only who moves its lock away may drop it; a lock taken meanwhile goes back.
      if mv "$lock" "$lock.$$" 2>/dev/null; then
        [ "$(readlink "$lock.$$")" = "$holder" ] || ln -s "$(readlink "$lock.$$")" "$lock" 2>/dev/null
        rm -f "$lock.$$"
      fi
      continue
    fi
    [ -n "$waited" ] || echo "watari: waiting for another build (process $holder)" >&2
    waited=1
    sleep 0.2
  done
}

make_dist() {
  find_jdk && find_maven || return 1
  echo "watari: building (once; again when sources change)" >&2
  began=$root/cli/target/dist.began
  next=$root/cli/target/dist.next
  log=$root/cli/target/dist.log
  rm -rf "$next"
  mkdir -p "$next/native"
  echo "$jdk" >"$began"
  (cd "$root" && maven -B -q -Dquick -Ddist="$next" -pl cli -am package) >"$log" 2>&1 </dev/null &&
    cp "$root"/cli/target/quick/watari-cli-*.jar "$next/watari.jar" >>"$log" 2>&1 &&
    "$jdk/bin/java" "$root/build/AheadJar.java" "$next/watari.jar" "$next"/lib/watari-*.jar "$next"/lib/picocli-*.jar >>"$log" 2>&1 &&
    unpack_natives >>"$log" 2>&1 || {
    sed -n -e '/-> \[Help 1\]/q' -e 's/^\[ERROR\] //p' "$log" | awk '!said[$0]++' | head -n 10 >&2
    echo "watari: the build failed; all of it is in $log" >&2
    return 1
  }
  rm -rf "$dist"
  mv "$next" "$dist"
  train >>"$log" 2>&1
  mv "$began" "$dist/stamp"
}

# The native libraries of the engines for this machine, from their jars.
unpack_natives() {
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) ort=linux-x64 cpp=linux-x86_64 ;;
    Linux-aarch64) ort=linux-aarch64 cpp=linux-arm64 ;;
    Darwin-arm64) ort=osx-aarch64 cpp=macosx-arm64 ;;
    Darwin-x86_64) ort=osx-x64 cpp=macosx-x86_64 ;;
    *) return 0 ;; # the engines unpack their own, at each start
  esac
  mkdir "$next/unpacked"
  (
    cd "$next/unpacked"
    for jar in ../lib/onnxruntime-*.jar ../lib/*-"$cpp".jar; do
      [ -f "$jar" ] || continue
      "$jdk/bin/jar" --extract --file "$jar" "ai/onnxruntime/native/$ort" org || return 1
    done
  ) || return 1
  find "$next/unpacked" -type f \( -name '*.so' -o -name '*.so.*' -o -name '*.dylib' -o -name '*.jnilib' \) \
    ! -path '*.dSYM/*' -exec mv {} "$next/native/" \;
  rm -rf "$next/unpacked"
}

# A run that touches what users' runs would, and leaves the JVM's cache of it. Without one all works, slower.
# All samples go to all formats: what is not touched here is read and linked anew at each start.
train() {
  . "$root/build/run.sh"
  in=$dist/training/in
  out=$dist/training/out
  mkdir -p "$in"
  cp "$root/samples/digits.tflite" "$in/a.tflite" &&
    cp "$root/samples/digits.onnx" "$in/b.onnx" &&
    cp "$root/samples/digits_int8.tflite" "$in/c.tflite" || return 1
  (run_watari -XX:AOTMode=off convert "$in/a.tflite" --to openvino -o "$in" --no-verify)
  (
    main=watari.cli.Rehearsal
    run_watari "-XX:AOTCacheOutput=$dist/watari.aot" \
      convert "$in/a.tflite" "$in/b.onnx" "$in/c.tflite" --to onnx,tflite,openvino -o "$out" -- \
      convert "$in/a.xml" --to onnx,tflite -o "$out/ir" --json -- \
      inspect "$in/a.tflite" -- inspect "$in/b.onnx" --json -- \
      verify "$in/a.tflite" "$out/b.onnx" -- run "$in/b.onnx"
  )
  rm -rf "$dist/training"
}
