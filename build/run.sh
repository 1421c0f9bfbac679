# Starts Watari's JVM; sourced by ./watari and by its build (POSIX sh). Needs $jdk and $dist.

# ONNX Runtime reports its use to its maker unless told not to.
export ORT_DISABLE_TELEMETRY=1
# Few malloc arenas: the engines' threads would each keep one.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"

# run_watari AOT ARGUMENT...: becomes the JVM. AOT is its option for the ahead-of-time cache.
run_watari() {
  aot=$1
  shift
  gc=-XX:+UseSerialGC
  case " ${WATARI_JAVA_OPTS:-} " in *" -XX:+Use"*"GC "*) gc= ;; esac
  set -f # the user's options are words, not patterns
  # shellcheck disable=SC2086
  exec "$jdk/bin/java" \
    $gc -XX:-UsePerfData -Xms16m \
    -Xlog:disable -Xlog:all=error,aot*=off,cds*=off:stderr \
    --enable-native-access=ALL-UNNAMED \
    -Djava.library.path="$dist/native" \
    -Donnxruntime.native.path="$dist/native" \
    -Dorg.bytedeco.javacpp.pathsFirst=true \
    -Dorg.bytedeco.javacpp.cachedir="$dist/native" \
    "$aot" ${WATARI_JAVA_OPTS:-} -cp "$dist/watari.jar" watari.cli.Main "$@"
}
