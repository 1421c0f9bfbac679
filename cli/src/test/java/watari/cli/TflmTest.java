package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.op.ElementwiseOp.Gelu;

/// Models for TensorFlow Lite for Microcontrollers.
class TflmTest {
  private static final Path SAMPLES =
      Path.of(System.getProperty("watari.root", "..")).toAbsolutePath().resolve("samples");

  @TempDir private Path folder;

  private String header(String sample) throws IOException {
    var said = Spoken.of("convert", SAMPLES.resolve(sample), "--to", "tflm", "-o", folder);
    assertThat(said.code()).as(said.err()).isZero();
    return Files.readString(folder.resolve(sample.replace(".tflite", ".h")));
  }

  /// Measured: tflite-micro's recording allocator on the files themselves.
  @Test
  void theArenaIsNeverTooSmallAndHardlyTooLarge() throws IOException {
    assertArena(header("digits_int8.tflite"), 6288);
    assertArena(header("digits.tflite"), 15440);
  }

  private static void assertArena(String header, long measured) {
    var found = Pattern.compile("arena_size = (\\d+);").matcher(header);
    assertThat(found.find()).isTrue();
    assertThat(Long.parseLong(found.group(1))).isBetween(measured, measured * 115 / 100);
  }

  /// The header alone names no library, so any resolver will do.
  @Test
  void theArrayIsTheModelAndCompiles() throws IOException, InterruptedException {
    var header = header("digits_int8.tflite");
    assertThat(header).contains("resolver.AddConv2D() == 0", "digits_int8_operator_count = ");
    assumeTrue(run("c++", "--version") == 0, "there is no C++ compiler");
    Files.writeString(
        folder.resolve("main.cc"),
        """
        #include <cstdint>
        #include <cstring>
        #include "digits_int8.h"
        struct Resolver {
          unsigned int count = 0;
          int AddConv2D() { return add(); }
          int AddDepthwiseConv2D() { return add(); }
          int AddFullyConnected() { return add(); }
          int AddMaxPool2D() { return add(); }
          int AddAveragePool2D() { return add(); }
          int AddReshape() { return add(); }
          int AddSoftmax() { return add(); }
          int AddQuantize() { return add(); }
          int AddDequantize() { return add(); }
          int add() { count++; return 0; }
        };
        int main() {
          Resolver resolver;
          if (!digits_int8_add_operators(resolver) || resolver.count != digits_int8_operator_count) return 1;
          if (reinterpret_cast<std::uintptr_t>(digits_int8_data) % 16 != 0) return 2;
          return std::memcmp(digits_int8_data + 4, "TFL3", 4) == 0 && digits_int8_size > 1000 ? 0 : 3;
        }
        """);
    var program = folder.resolve("program").toString();
    var sources =
        new String[] {
          "c++",
          "-std=c++11",
          "-Wall",
          "-Wextra",
          "-Werror",
          "-o",
          program,
          "main.cc",
          "digits_int8.cc"
        };
    assertThat(run(sources)).isZero();
    assertThat(run(program)).isZero();
  }

  private int run(String... command) throws IOException, InterruptedException {
    try {
      var process = new ProcessBuilder(command).directory(folder.toFile());
      var run =
          process.redirectErrorStream(true).redirectOutput(folder.resolve("said").toFile()).start();
      assertThat(run.waitFor(2, TimeUnit.MINUTES)).isTrue();
      return run.exitValue();
    } catch (IOException _) {
      return -1;
    }
  }

  @Test
  void whatMicrocontrollersLackIsRefused() throws IOException {
    var model = SmallModel.write("tflite", folder.resolve("m.tflite"), new Gelu(true));
    var said = Spoken.of("convert", model, "--to", "tflm", "-o", folder.resolve("out"));
    assertThat(said.code()).isEqualTo(4);
    assertThat(said.err())
        .contains(
            "TensorFlow Lite for Microcontrollers has no operator 'GELU'", "[OP_UNSUPPORTED]");
    assertThat(folder.resolve("out/m.cc")).doesNotExist();
  }
}
