package watari.format.tflite;

import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import watari.finding.Findings;
import watari.format.FormatWriter;
import watari.format.TargetProfile;
import watari.format.WriteOptions;
import watari.graph.Model;
import watari.op.Op;

/// Writes models for TensorFlow Lite for Microcontrollers: a TFLite file as an array of C++, and a
/// header that says which operators and how much memory it needs.
public final class TflmWriter implements FormatWriter {
  private static final int BYTES_PER_LINE = 16;

  private final TfliteWriter tflite = new TfliteWriter();

  @Override
  public String format() {
    return "tflm";
  }

  @Override
  public Set<Class<? extends Op>> operators() {
    return tflite.operators();
  }

  @Override
  public Map<Class<? extends Op>, String> unwritten() {
    return tflite.unwritten();
  }

  @Override
  public TargetProfile profile(WriteOptions options) {
    return tflite.profile(options);
  }

  @Override
  public List<Path> paths(Path folder, String stem) {
    return List.of(folder.resolve(stem + ".cc"), folder.resolve(stem + ".h"));
  }

  @Override
  public void write(Model model, Path main, WriteOptions options, Findings findings)
      throws IOException {
    var file = main.resolveSibling(options.stem() + ".tflite");
    try (var arena = Arena.ofConfined()) {
      tflite.write(model, file, options, findings);
      if (findings.hasErrors()) return;
      var written = TfliteFile.open(file, arena).model();
      var methods = TflmOperators.methods(written, findings);
      if (findings.hasErrors()) return;
      var header = header(options, methods, TflmArena.bytes(written));
      Files.writeString(main.resolveSibling(options.stem() + ".h"), header);
      source(file, main, options);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /// A name of C++ like the result's.
  private static String identifier(String stem) {
    var name = stem.replaceAll("[^A-Za-z0-9_]", "_");
    return Character.isDigit(name.charAt(0)) ? "model_" + name : name;
  }

  private static String header(WriteOptions options, List<String> methods, long arenaBytes) {
    var calls =
        methods.stream()
            .map("resolver.Add%s() == 0"::formatted)
            .collect(Collectors.joining(" &&\n         "));
    return """
    // Made by %4$s.
    #ifndef %5$s_H_
    #define %5$s_H_

    #include <cstddef>

    // The model, a TFLite file.
    extern const unsigned char %1$s_data[];
    extern const std::size_t %1$s_size;

    // Bytes of an arena that the model fits in, aligned to %6$d: its activations at their peak, variables, and what the
    // interpreter keeps on a 64-bit machine; a 32-bit device needs less.
    constexpr std::size_t %1$s_arena_size = %2$d;

    // How many operators a tflite::MicroMutableOpResolver must have room for.
    constexpr unsigned int %1$s_operator_count = %7$d;

    // Adds the operators; false if one does not fit.
    template <typename Resolver>
    bool %1$s_add_operators(Resolver& resolver) {
      return %3$s;
    }

    #endif  // %5$s_H_
    """
        .formatted(
            identifier(options.stem()),
            arenaBytes,
            calls.isEmpty() ? "true" : calls,
            options.producer(),
            identifier(options.stem()).toUpperCase(java.util.Locale.ROOT),
            TflmArena.ALIGNMENT,
            methods.size());
  }

  private static void source(Path file, Path main, WriteOptions options) throws IOException {
    var name = identifier(options.stem());
    try (var arena = Arena.ofConfined();
        var channel = FileChannel.open(file);
        var out = Files.newBufferedWriter(main)) {
      var bytes = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      out.write("// Made by " + options.producer() + ".\n");
      out.write("#include \"" + options.stem() + ".h\"\n\n");
      out.write(
          "alignas(%d) const unsigned char %s_data[] = {%n".formatted(TflmArena.ALIGNMENT, name));
      for (long at = 0; at < bytes.byteSize(); at += BYTES_PER_LINE) line(bytes, at, out);
      out.write("};\n");
      out.write("const std::size_t %1$s_size = sizeof(%1$s_data);%n".formatted(name));
    }
  }

  private static void line(MemorySegment bytes, long from, BufferedWriter out) throws IOException {
    out.write("   ");
    for (long at = from; at < Math.min(from + BYTES_PER_LINE, bytes.byteSize()); at++) {
      out.write(" " + (bytes.get(ValueLayout.JAVA_BYTE, at) & 0xFF) + ",");
    }
    out.write('\n');
  }
}
