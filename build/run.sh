# Starts Watari's JVM; sourced by ./watari and by its build (POSIX sh). Needs $jdk and $dist.

# ONNX Runtime reports its use to its maker unless told not to.
export ORT_DISABLE_TELEMETRY=1
# Few malloc arenas: the engines' threads would each keep one.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"

# Whether a command line names much data: a file of more than 16 MB, alone or with others of its name.
# Loops over so many numbers are worth the JVM's second compiler; anything shorter is over before that has begun to help.
is_large() {
  before=
  for word; do
    case $before in
      -o | --output) before=; continue ;;
    esac
    before=$word
    case $word in
      --calibration | --calibration=*) return 0 ;;
      -*) continue ;;
    esac
    [ -e "$word" ] && [ -n "$(find "$word" "${word%.*}".* -size +32768 2>/dev/null)" ] && return 0
  done
  return 1
}

# run_watari AOT ARGUMENT...: becomes the JVM. AOT is its option for the ahead-of-time cache.
# An archive that is mapped where it was made needs no relocation. Numbers in texts are those of one language everywhere.
run_watari() {
  aot=$1
  shift
  compilers=-XX:TieredStopAtLevel=1
  if is_large "$@"; then compilers=-XX:TieredStopAtLevel=4; fi
  gc=-XX:+UseSerialGC
  case " ${WATARI_JAVA_OPTS:-} " in *" -XX:+Use"*"GC "*) gc= ;; esac
  set -f # the user's options are words, not patterns
  # shellcheck disable=SC2086
  exec "$jdk/bin/java" \
    $gc $compilers -XX:-UsePerfData -Xms48m -XX:NewSize=32m \
    -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0 \
    -Xlog:disable -Xlog:all=error,aot*=off,cds*=off:stderr \
    -Duser.language=en -Duser.country=US \
    --enable-native-access=ALL-UNNAMED \
    -Djava.library.path="$dist/native" \
    -Donnxruntime.native.path="$dist/native" \
    -Dorg.bytedeco.javacpp.pathsFirst=true \
    -Dorg.bytedeco.javacpp.cachedir="$dist/native" \
    "$aot" ${WATARI_JAVA_OPTS:-} -cp "$dist/watari.jar" "${main:-watari.cli.Main}" "$@"
}
