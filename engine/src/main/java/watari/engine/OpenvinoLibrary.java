package watari.engine;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The C interface of OpenVINO (`openvino/c/openvino.h`), as far as we call it.
///
/// It neither writes files nor uses the network: caches, telemetry and logs are other parts of
/// OpenVINO, or off unless asked for.
@SuppressWarnings("restricted") // calls native code
final class OpenvinoLibrary {
  private static final int OK = 0;

  /// `INVALID_C_PARAM`; further from zero are other refusals of the C interface.
  static final int REFUSED = -14;

  /// Functions that came last of those that we call; with them, the others are there.
  private static final List<String> NEEDED =
      List.of("ov_get_last_err_msg", "ov_core_read_model_from_memory_buffer");

  private static final Pattern PLACE =
      Pattern.compile("Exception from \\S+:\\d+:?|Check '.*' failed at \\S+:\\d+:");

  private final Path file;
  private final NativeFunctions functions;
  private final String version;
  private final MemorySegment core;
  private final OpenvinoTypes types;

  /// @throws EngineException if the file is no such library, or one that is too old
  OpenvinoLibrary(Path file) throws EngineException {
    this.file = file;
    try {
      var path = file.toAbsolutePath();
      functions = new NativeFunctions(SymbolLookup.libraryLookup(path, Arena.global()));
    } catch (IllegalArgumentException e) {
      throw new EngineException("OpenVINO's library does not load: " + e.getMessage(), e);
    }
    version = readVersion();
    for (var name : NEEDED) {
      if (functions.symbols().find(name).isPresent()) continue;
      throw new EngineException(
          "OpenVINO " + version + " in '" + file + "' has no " + name + "; 2024.0 or newer has it");
    }
    core = make("does not start", "ov_core_create");
    types = OpenvinoTypes.of(this);
  }

  private String readVersion() throws EngineException {
    if (functions.symbols().find("ov_get_openvino_version").isEmpty()) {
      throw new EngineException("'" + file + "' is not OpenVINO's C library, or one before 2022");
    }
    try (var arena = Arena.ofConfined()) {
      var both = arena.allocate(ADDRESS, 2);
      if (functions.integer("ov_get_openvino_version", both) != OK) return "of unknown version";
      var build = text(both.get(ADDRESS, 0));
      functions.run("ov_version_free", both);
      return build.replaceFirst("-.*", "");
    }
  }

  Path file() {
    return file;
  }

  String version() {
    return version;
  }

  MemorySegment core() {
    return core;
  }

  OpenvinoTypes types() {
    return types;
  }

  NativeFunctions functions() {
    return functions;
  }

  /// Calls a function that makes something, which its last argument receives.
  ///
  /// @param what the library does not do, if it does not
  MemorySegment make(String what, String name, Object... arguments) throws EngineException {
    try (var arena = Arena.ofConfined()) {
      var made = arena.allocate(ADDRESS);
      check(what, functions.integer(name, with(arguments, made)));
      return made.get(ADDRESS, 0);
    }
  }

  /// Calls a function whose last argument receives a `size_t`.
  long size(String what, String name, Object... arguments) throws EngineException {
    try (var arena = Arena.ofConfined()) {
      var made = arena.allocate(JAVA_LONG);
      check(what, functions.integer(name, with(arguments, made)));
      return made.get(JAVA_LONG, 0);
    }
  }

  /// Calls a function whose last argument receives an enumerator.
  int code(String what, String name, Object... arguments) throws EngineException {
    try (var arena = Arena.ofConfined()) {
      var made = arena.allocate(JAVA_INT);
      check(what, functions.integer(name, with(arguments, made)));
      return made.get(JAVA_INT, 0);
    }
  }

  /// Calls a function that gives a status alone.
  void call(String what, String name, Object... arguments) throws EngineException {
    check(what, functions.integer(name, arguments));
  }

  void free(String name, MemorySegment made) {
    functions.run(name, made);
  }

  void check(String what, int status) throws EngineException {
    if (status == OK) return;
    // What was said last is of another call where the C interface itself refuses its arguments.
    var words = status <= REFUSED ? "" : sentence(text(functions.pointer("ov_get_last_err_msg")));
    if (words.isEmpty()) words = text(functions.pointer("ov_get_error_info", status));
    throw new EngineException("OpenVINO " + what + ": " + words);
  }

  /// What a message says, without the lines that name places in OpenVINO's sources.
  static String sentence(String message) {
    var telling = sentence(message.lines().map(line -> PLACE.matcher(line).replaceAll("")));
    return telling.isEmpty() ? sentence(message.lines()) : telling;
  }

  private static String sentence(Stream<String> lines) {
    return lines
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .distinct()
        .collect(Collectors.joining("; "));
  }

  private static String text(MemorySegment pointer) {
    if (pointer.equals(MemorySegment.NULL)) return "";
    return pointer.reinterpret(Long.MAX_VALUE).getString(0);
  }

  private static Object[] with(Object[] arguments, MemorySegment last) {
    var all = java.util.Arrays.copyOf(arguments, arguments.length + 1);
    all[arguments.length] = last;
    return all;
  }
}
