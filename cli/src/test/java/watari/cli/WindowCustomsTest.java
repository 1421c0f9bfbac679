package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static watari.cli.CustomModel.noise;
import static watari.cli.CustomModel.structure;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Custom operators on windows, against their definitions: MediaPipe util/tflite/operations, LiteRT
/// kernels/perception.
class WindowCustomsTest {
  private static final int RELU6 = 3;

  @TempDir private Path folder;

  private static TensorType floats(long... dims) {
    return TensorType.of(DataType.FLOAT32, dims);
  }

  private static void assertClose(TensorData actual, float[] expected) {
    assertThat(actual.floats()).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual.floats()[i]).as("element %d", i).isCloseTo(expected[i], within(1e-6f));
    }
  }

  /// Padding, strides and window of a pool; `[1, size, size + 1, 2]` images.
  private record Pool(boolean isSame, int stride, int filterHeight, int filterWidth, int size) {
    TensorData options(int activation) {
      return structure(isSame ? 1 : 2, stride, stride, filterWidth, filterHeight, activation);
    }

    int outputs(int dim, int filter) {
      return isSame ? (dim + stride - 1) / stride : (dim - filter + stride) / stride;
    }

    int pad(int dim, int filter) {
      return Math.max(0, (outputs(dim, filter) - 1) * stride + filter - dim) / 2;
    }
  }

  @ParameterizedTest
  @CsvSource({"true,2,2,2,4", "false,2,2,2,5", "true,2,3,2,7", "true,1,3,3,4", "false,3,2,3,8"})
  void poolsSayWhereTheirMaximaAre(boolean isSame, int stride, int height, int width, int size)
      throws IOException {
    var pool = new Pool(isSame, stride, height, width, size);
    var x = noise(1, 1, size, size + 1, 2);
    int rows = pool.outputs(size, height);
    int columns = pool.outputs(size + 1, width);
    var values = new float[rows * columns * 2];
    var places = new float[rows * columns * 2];
    for (int i = 0; i < values.length; i++) {
      int top = i / 2 / columns * stride - pool.pad(size, height);
      int left = i / 2 % columns * stride - pool.pad(size + 1, width);
      float most = -Float.MAX_VALUE;
      for (int k = 0; k < height * width; k++) {
        int row = top + k / width;
        int column = left + k % width;
        if (row < 0 || column < 0 || row >= size || column > size) continue;
        float element = x.floats()[(row * (size + 1) + column) * 2 + i % 2];
        if (element <= most) continue;
        most = element;
        places[i] = k + 0.1f;
      }
      values[i] = Math.clamp(most, 0, 6);
    }
    var types = List.of(floats(1, rows, columns, 2), floats(1, rows, columns, 2));
    var model = new CustomModel("MaxPoolingWithArgmax2D", 1, pool.options(RELU6), types);
    for (var format : List.of("onnx", "tflite")) {
      var results = model.run(folder, format, x);
      assertClose(results.get(0), values);
      assertClose(results.get(1), places);
    }
  }

  @ParameterizedTest
  @CsvSource({"2,2,2", "1,2,3", "2,3,3", "3,2,2", "2,3,1", "3,1,2"})
  void valuesGoBackToWhereTheyWere(int stride, int height, int width) throws IOException {
    int rows = 3;
    int columns = 2;
    var pool = new Pool(true, stride, height, width, 0);
    var x = noise(2, 2, rows, columns, 3);
    var places = noise(3, 2, rows, columns, 3).floats();
    for (int i = 0; i < places.length; i++) {
      places[i] = (int) ((places[i] + 1) / 2 * height * width) + 0.1f;
    }
    int outputHeight = rows * height;
    int outputWidth = columns * width;
    int top = Math.max(0, (rows - 1) * stride + height - outputHeight) / 2;
    int left = Math.max(0, (columns - 1) * stride + width - outputWidth) / 2;
    var expected = new float[2 * outputHeight * outputWidth * 3];
    for (int i = 0; i < places.length; i++) {
      int batch = i / (rows * columns * 3);
      int row = i / (columns * 3) % rows * stride - top + (int) places[i] / width;
      int column = i / 3 % columns * stride - left + (int) places[i] % width;
      boolean isInside = row >= 0 && row < outputHeight && column >= 0 && column < outputWidth;
      int at = ((batch * outputHeight + row) * outputWidth + column) * 3 + i % 3;
      if (isInside) expected[at] = x.floats()[i];
    }
    var types = List.of(floats(2, outputHeight, outputWidth, 3));
    var model = new CustomModel("MaxUnpooling2D", 1, pool.options(0), types);
    var indices = TensorData.ofFloats(x.shape(), places);
    for (var format : List.of("onnx", "tflite")) {
      assertClose(model.run(folder, format, x, indices).get(0), expected);
    }
  }

  /// The last of those at one place stays, as the loop over the elements has it.
  @ParameterizedTest
  @CsvSource({"1,4,6", "2,5,7"})
  void placesInTheWholeImageAreIntegers(int padding, int height, int width) throws IOException {
    var x = noise(4, 2, 2, 3, 2);
    int size = height * width * 2;
    var places = new int[24];
    for (int i = 0; i < places.length; i++) places[i] = i % 5 == 0 ? 7 : i * 11 % size;
    var expected = new float[2 * size];
    for (int i = 0; i < places.length; i++) expected[i / 12 * size + places[i]] = x.floats()[i];
    var types = List.of(floats(2, height, width, 2));
    var options = structure(padding, 2, 2, 3, 3, 0);
    var indices = TensorData.ofInts(x.shape(), places);
    for (var name : List.of("LiteRtMaxUnpooling2D", "MaxUnpooling2D")) {
      var model = new CustomModel(name, 1, options, types);
      for (var format : List.of("onnx", "tflite")) {
        assertClose(model.run(folder, format, x, indices).get(0), expected);
      }
    }
  }

  @Test
  void manyPlacesAreScatteredToo() throws IOException {
    var x = noise(10, 1, 64, 64, 2);
    var places = new int[8192];
    for (int i = 0; i < places.length; i++) places[i] = i * 7919 % 32768 / 3;
    var expected = new float[32768];
    for (int i = 0; i < places.length; i++) expected[places[i]] = x.floats()[i];
    var model =
        new CustomModel(
            "MaxUnpooling2D", 1, structure(1, 2, 2, 2, 2, 0), List.of(floats(1, 128, 128, 2)));
    var indices = TensorData.ofInts(x.shape(), places);
    assertClose(model.run(folder, "tflite", x, indices).get(0), expected);
  }

  @ParameterizedTest
  @CsvSource({"1,2,2,2", "1,2,3,3", "1,3,2,5", "2,2,3,3", "1,1,3,2", "2,3,2,2"})
  void transposedConvolutionsAreCroppedByTheirLastWindow(
      int padding, int stride, int height, int width) throws IOException {
    int[] dims = {3, 4};
    int[] kernel = {height, width};
    var crop = new int[2];
    var out = new int[2];
    for (int i = 0; i < 2; i++) {
      crop[i] = padding == 1 ? Math.max(0, kernel[i] - (dims[i] - 1) % stride - 1) : 0;
      out[i] = stride * (dims[i] - 1) + kernel[i] - crop[i];
    }
    var x = noise(5, 1, 3, 4, 2);
    var weights = noise(6, 3, height, width, 2);
    var bias = noise(7, 3);
    var expected = new float[out[0] * out[1] * 3];
    for (int i = 0; i < expected.length; i++) expected[i] = bias.floats()[i % 3];
    for (int i = 0; i < x.floats().length; i++) {
      for (int w = 0; w < weights.floats().length; w++) {
        if (i % 2 != w % 2) continue;
        int row = i / 8 * stride - crop[0] / 2 + w / (2 * width) % height;
        int column = i / 2 % 4 * stride - crop[1] / 2 + w / 2 % width;
        if (row < 0 || column < 0 || row >= out[0] || column >= out[1]) continue;
        int channel = w / (2 * width * height);
        expected[(row * out[1] + column) * 3 + channel] += x.floats()[i] * weights.floats()[w];
      }
    }
    var types = List.of(floats(1, out[0], out[1], 3));
    var model =
        new CustomModel("Convolution2DTransposeBias", 1, structure(padding, stride, stride), types);
    for (var format : List.of("onnx", "tflite")) {
      var result = model.run(folder, format, x, weights, bias).get(0);
      assertThat(result.shape()).isEqualTo(Shape.of(1, out[0], out[1], 3));
      assertClose(result, expected);
    }
  }

  @Test
  void withoutTheOptionTheOperatorStaysInTflite() throws IOException {
    var x = noise(8, 1, 2, 2, 1);
    var types = List.of(floats(1, 1, 1, 1), floats(1, 1, 1, 1));
    var model =
        new CustomModel("MaxPoolingWithArgmax2D", 1, structure(1, 2, 2, 2, 2, 0), types)
            .write(folder, x);
    var out = folder.resolve("out");
    var said = Spoken.of("convert", model, "--to", "tflite,onnx", "-o", out);
    assertThat(said.code()).as(said.err()).isZero();
    assertThat(said.out()).contains("custom.tflite: written, consistent");
    assertThat(said.out()).contains("custom.onnx: written, consistent");
    assertThat(Spoken.of("inspect", out.resolve("custom.tflite")).out())
        .contains("MaxPoolingWithArgmax2D v1 1");
  }

  @Test
  void optionsThatAreCutOffAreBroken() throws IOException {
    var types = List.of(floats(1, 1, 1, 1), floats(1, 1, 1, 1));
    var model = new CustomModel("MaxPoolingWithArgmax2D", 1, structure(1, 2), types);
    var said =
        Spoken.of(
            "convert", model.write(folder, noise(9, 1, 2, 2, 1)), "--to", "onnx", "-o", folder);
    assertThat(said.code()).isEqualTo(4);
    assertThat(said.err()).contains("its options are missing [FILE_BROKEN]");
  }
}
