package watari.engine;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Looks for OpenVINO's C library, without running anything.
///
/// First where `OPENVINO_LIB` says, a file or a folder; then in OpenVINO's own installation, in the
/// Python environments that are active or on the `PATH`, and in the system's folders of libraries.
final class OpenvinoPlaces {
  /// The library's file: of a distribution with a version behind it, or before the suffix.
  private static final Pattern LIBRARY =
      Pattern.compile(
          "libopenvino_c\\.so(\\.[0-9.]+)?|libopenvino_c(\\.[0-9.]+)?\\.dylib|openvino_c\\.dll");

  /// Where the library lies in what a user may name: in the folder itself, in the package of a
  /// Python environment, or in an unpacked archive of OpenVINO.
  private static final List<String> INSIDE =
      List.of(
          "",
          "libs",
          "openvino/libs",
          "lib/python3*/site-packages/openvino/libs",
          "lib/python3*/dist-packages/openvino/libs",
          "Lib/site-packages/openvino/libs",
          "lib",
          "lib64",
          "runtime/lib/*",
          "runtime/lib/*/Release",
          "runtime/bin/*/Release");

  private static final List<String> SYSTEM =
      List.of(
          "usr/lib/*-linux-gnu",
          "usr/lib64",
          "usr/lib",
          "usr/local/lib",
          "usr/local/lib64",
          "usr/lib/python3/dist-packages/openvino/libs",
          "opt/homebrew/lib",
          "opt/intel/openvino*/runtime/lib/*");

  /// The variables of an environment.
  interface Environment {
    @Nullable String get(String name);
  }

  private final Environment environment;
  private final Path root;

  OpenvinoPlaces() {
    this(System::getenv, Path.of("/"));
  }

  /// @param root of the system's folders
  OpenvinoPlaces(Environment environment, Path root) {
    this.environment = environment;
    this.root = root;
  }

  /// The library's file.
  ///
  /// @throws EngineException if there is none, with what to do
  Path library() throws EngineException {
    var named = environment.get("OPENVINO_LIB");
    if (named != null && !named.isEmpty()) {
      var place = path(named);
      return place
          .filter(Files::isRegularFile)
          .or(() -> place.flatMap(OpenvinoPlaces::under))
          .orElseThrow(() ->
              new EngineException(
                  "OpenVINO is not there: OPENVINO_LIB is '"
                      + named
                      + "', and no libopenvino_c is"));
    }
    return installed()
        .or(this::inSystem)
        .orElseThrow(() ->
            new EngineException(
                "OpenVINO is not there: 'pip install openvino' brings it; OPENVINO_LIB names its"
                    + " libopenvino_c, or the folder of its Python environment"));
  }

  private Optional<Path> installed() {
    var folders = new ArrayList<Path>();
    for (var name : List.of("INTEL_OPENVINO_DIR", "VIRTUAL_ENV", "CONDA_PREFIX")) {
      folders.addAll(paths(environment.get(name)));
    }
    for (var name : List.of("PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")) {
      folders.addAll(paths(environment.get(name)));
    }
    for (var programs : paths(environment.get("PATH"))) {
      folders.add(programs);
      if (programs.endsWith("bin") && programs.getParent() != null) {
        folders.add(programs.getParent());
      }
    }
    var home = environment.get("HOME");
    if (home != null) path(home).ifPresent(place -> folders.add(place.resolve(".local")));
    return folders.stream().flatMap(folder -> under(folder).stream()).findFirst();
  }

  private Optional<Path> inSystem() {
    return SYSTEM.stream()
        .flatMap(pattern -> matching(root, pattern))
        .flatMap(folder -> in(folder).stream())
        .findFirst();
  }

  private static Optional<Path> under(Path folder) {
    return INSIDE.stream()
        .flatMap(pattern -> matching(folder, pattern))
        .flatMap(place -> in(place).stream())
        .findFirst();
  }

  /// The library in a folder; of several versions the one whose name is last.
  private static Optional<Path> in(Path folder) {
    return entries(folder, "*openvino_c*")
        .filter(file -> LIBRARY.matcher(file.getFileName().toString()).matches())
        .filter(Files::isRegularFile)
        .max(Comparator.comparing(Path::toString));
  }

  /// The folders of a pattern, whose parts may have a star.
  private static Stream<Path> matching(Path folder, String pattern) {
    var found = List.of(folder);
    if (!pattern.isEmpty()) {
      for (var part : pattern.split("/", -1)) {
        found =
            part.contains("*")
                ? found.stream().flatMap(place -> entries(place, part)).toList()
                : found.stream().map(place -> place.resolve(part)).toList();
      }
    }
    return found.stream().filter(Files::isDirectory);
  }

  /// What a folder has of a name with a star, the last name first; nothing if it is not there.
  private static Stream<Path> entries(Path folder, String glob) {
    var found = new ArrayList<Path>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, glob)) {
      stream.forEach(found::add);
    } catch (IOException | java.nio.file.DirectoryIteratorException _) {
      return Stream.of(); // a folder that is not there, or not ours to see, has nothing for us
    }
    return found.stream().sorted(Comparator.reverseOrder());
  }

  private static List<Path> paths(@Nullable String names) {
    if (names == null) return List.of();
    return Stream.of(names.split(Pattern.quote(File.pathSeparator)))
        .filter(name -> !name.isEmpty())
        .flatMap(name -> path(name).stream())
        .toList();
  }

  private static Optional<Path> path(String name) {
    try {
      return Optional.of(Path.of(name));
    } catch (InvalidPathException _) {
      return Optional.empty();
    }
  }
}
