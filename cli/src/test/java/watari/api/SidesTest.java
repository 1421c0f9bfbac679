package watari.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import watari.engine.EngineException;
import watari.engine.Engines;
import watari.tensor.TensorData;

class SidesTest {
  private final Path digits =
      Path.of(System.getProperty("watari.root", ".."), "samples", "digits.tflite");
  private final Sides all = new Sides();
  private final Sides none = new Sides(new Engines(List.of()), new Formats());

  @Test
  void aResultWithoutAnEngineIsRunAsWeReadIt() throws IOException, EngineException {
    try (var model = Watari.read(digits)) {
      var graph = model.model().main();
      var input =
          new Samples(1)
              .of(graph.inputs().get(0), graph.inputs().get(0).shape(), java.util.Map.of());
      var own = none.ownReading(digits, "tflite", graph);
      assertThat(own.isOwnReading()).isTrue();
      assertThat(own.engine()).startsWith("ONNX Runtime ").endsWith(", by watari's reading");
      var expected = all.official(model).run(List.of(input), List.of()).outputs().get(0);
      var given = own.run(List.of(input), List.of()).outputs().get(0);
      assertThat(Comparison.of("y", expected, given).scaled()).isLessThan(1e-6);
    }
  }

  @Test
  void inputsOfAResultGoByTheirOrder() throws IOException, EngineException {
    try (var model = Watari.read(digits)) {
      var graph = model.model().main();
      var input = graph.inputs().get(0);
      var zeros = TensorData.filled(TensorData.scalar(0f), input.shape());
      var expected = all.official(model).run(List.of(zeros), List.of()).outputs().get(0);
      var own = none.ownReading(digits, "tflite", graph);
      try (var session = own.loader().load(List.of())) {
        var given = session.run(List.of(new watari.engine.Feed("other", zeros))).get(0);
        assertThat(Comparison.of("y", expected, given).scaled()).isLessThan(1e-6);
        assertThatThrownBy(() -> session.run(List.of()))
            .hasMessage("the model has 1 inputs, but 0 tensors are given");
      }
    }
  }

  @Test
  void whatHasNeitherEngineNorReaderCannotBeRun() throws IOException {
    try (var model = Watari.read(digits)) {
      var graph = model.model().main();
      assertThatThrownBy(() -> none.official(model))
          .isInstanceOf(EngineException.class)
          .hasMessage("no engine here runs tflite");
      assertThatThrownBy(() -> none.ownReading(digits, "blob", graph))
          .isInstanceOf(EngineException.class)
          .hasMessage("watari does not read blob");
    }
  }
}
