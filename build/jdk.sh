# Finds a JDK of Java 25 or newer; sourced by ./watari and ./verify (POSIX sh).

# The major version of the JDK in the folder $1, in $major; fails when there is no JDK in it.
jdk_major() {
  major=
  [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] || return 1
  if [ -r "$1/release" ]; then
    while IFS='"' read -r key value _; do
      [ "$key" = JAVA_VERSION= ] && major=$value && break
    done <"$1/release"
  fi
  [ -n "$major" ] || major=$("$1/bin/javac" -version 2>&1 | sed -n 's/^javac //p')
  major=${major%%[!0-9]*}
  [ -n "$major" ]
}

# Sets $jdk to the folder of a JDK, or says in one line how to get one, and fails.
find_jdk() {
  on_path=$(command -v javac 2>/dev/null) || on_path=
  if [ -n "$on_path" ]; then
    on_path=$(readlink -f "$on_path" 2>/dev/null || echo "$on_path")
    on_path=${on_path%/bin/javac}
  fi
  mac=
  [ -x /usr/libexec/java_home ] && mac=$(/usr/libexec/java_home -v 25+ 2>/dev/null)
  for jdk in "${JAVA_HOME:-}" "$on_path" "$mac" \
    /usr/lib/jvm/* /usr/java/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "$HOME"/Library/Java/JavaVirtualMachines/*/Contents/Home \
    "$HOME"/.sdkman/candidates/java/* \
    "$HOME"/.jdks/* "$HOME"/.jdks/*/Contents/Home \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    /usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    /home/linuxbrew/.linuxbrew/opt/openjdk*/libexec \
    /opt/*; do
    [ -n "$jdk" ] && jdk_major "$jdk" && [ "$major" -ge 25 ] && return 0
  done
  jdk=
  echo "watari: no JDK 25 or newer found; install one (for instance: apt install openjdk-25-jdk, brew install openjdk, sdk install java 25-tem) or set JAVA_HOME to it" >&2
  return 1
}

# Fails, and says what is missing, where there is no Maven.
find_maven() {
  command -v mvn >/dev/null 2>&1 && return 0
  echo "watari: Maven (the command mvn, 3.8 or newer) is needed to build, and is not on the PATH" >&2
  return 1
}

# Maven on $jdk, without its own warnings about itself.
maven() {
  find_maven || return 1
  JAVA_HOME=$jdk MAVEN_OPTS="-Djansi.mode=strip --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED ${MAVEN_OPTS:-}" mvn -Dstyle.color=never "$@"
}
