package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static watari.cli.CustomModel.map;
import static watari.cli.CustomModel.noise;
import static watari.cli.CustomModel.vector;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// MediaPipe's custom operators on landmarks, against their definitions in util/tflite/operations:
/// angles by trigonometry, images pixel by pixel.
class LandmarkCustomsTest {
  private static final List<String> FORMATS = List.of("onnx", "tflite");

  @TempDir private Path folder;

  private static TensorType floats(long... dims) {
    return TensorType.of(DataType.FLOAT32, dims);
  }

  private static void assertClose(TensorData actual, double... expected) {
    assertThat(actual.floats()).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual.floats()[i])
          .as("element %d", i)
          .isCloseTo(expected[i], within(2e-5 * Math.max(1, Math.abs(expected[i]))));
    }
  }

  // ---- matrices

  private static TensorData crop(int right, double angle, double scaleX, int width, int height) {
    return map(m -> {
      m.putInt("left_rotation_idx", 0);
      m.putInt("output_height", height);
      m.putInt("output_width", width);
      m.putInt("right_rotation_idx", right);
      m.putFloat("scale_x", scaleX);
      m.putFloat("scale_y", 1);
      vector(m, "subset_idxs", 0, 1, 2, 3);
      m.putFloat("target_rotation_radians", angle);
    });
  }

  private void matrixIs(TensorData options, TensorData points, double... rows) throws IOException {
    var model = new CustomModel("Landmarks2TransformMatrix", 2, options, List.of(floats(1, 4, 4)));
    var expected = new double[16];
    System.arraycopy(rows, 0, expected, 0, 2);
    expected[3] = rows[2];
    System.arraycopy(rows, 3, expected, 4, 2);
    expected[7] = rows[5];
    expected[10] = 1;
    expected[15] = 1;
    for (var format : FORMATS) assertClose(model.run(folder, format, points).get(0), expected);
  }

  @Test
  void aCropLiesAroundItsLandmarks() throws IOException {
    var points = TensorData.ofFloats(Shape.of(1, 4, 3), 10, 10, 1, 20, 20, 2, 10, 20, 3, 20, 10, 4);
    matrixIs(crop(3, 0, 1, 5, 10), points, 2, 0, 10, 0, 1, 10);
    matrixIs(crop(1, 0, 1.5, 10, 10), points, 1.5, -1, 12.5, 1.5, 1, 2.5);
    matrixIs(crop(3, Math.PI / 2, 1, 5, 10), points, 0, 1, 10, -2, 0, 20);
  }

  @Test
  void equalLandmarksTurnByTheTargetAlone() throws IOException {
    var points = TensorData.ofFloats(Shape.of(1, 4, 3), 1, 1, 0, 1, 1, 0, 3, 5, 0, 3, 1, 0);
    // atan2(0, 0) is 0.
    matrixIs(crop(1, 0, 1, 2, 4), points, 1, 0, 1, 0, 1, 1);
  }

  @Test
  void anyAngleAgreesWithTrigonometry() throws IOException {
    for (int seed = 0; seed < 3; seed++) {
      var points = noise(seed, 1, 4, 3);
      double angle = seed - 0.7;
      matrixIs(crop(2, angle, 1.25, 6, 9), points, byTrigonometry(points, 2, angle, 1.25, 6, 9));
    }
  }

  private static double[] byTrigonometry(
      TensorData points, int right, double angle, double scaleX, int width, int height) {
    var p = points.floats();
    double r = angle - Math.atan2(p[3 * right + 1] - p[1], p[3 * right] - p[0]);
    double[] low = {1e9, 1e9};
    double[] high = {-1e9, -1e9};
    for (int i = 0; i < 4; i++) {
      double[] turned = {
        Math.cos(r) * p[3 * i] - Math.sin(r) * p[3 * i + 1],
        Math.sin(r) * p[3 * i] + Math.cos(r) * p[3 * i + 1]
      };
      for (int k = 0; k < 2; k++) {
        low[k] = Math.min(low[k], turned[k]);
        high[k] = Math.max(high[k], turned[k]);
      }
    }
    double x = (low[0] + high[0]) / 2;
    double y = (low[1] + high[1]) / 2;
    double a = scaleX * (high[0] - low[0]) / width;
    double b = (high[1] - low[1]) / height;
    double[] m = {
      Math.cos(-r) * a,
      -Math.sin(-r) * b,
      Math.cos(-r) * x - Math.sin(-r) * y,
      Math.sin(-r) * a,
      Math.cos(-r) * b,
      Math.sin(-r) * x + Math.cos(-r) * y
    };
    m[2] -= m[0] * width / 2 + m[1] * height / 2;
    m[5] -= m[3] * width / 2 + m[4] * height / 2;
    return m;
  }

  @Test
  void theFirstVersionGoesByRanges() throws IOException {
    var options =
        map(m -> {
          m.putFloat("bbox_size_multiplier", 1.5);
          m.putInt("dimensions", 3);
          vector(m, "input_hw", 48, 64);
          m.putFloat("landmarks_range", 192);
          m.putInt("left_rotation_idx", 0);
          vector(m, "output_hw", 16, 24);
          m.putInt("right_rotation_idx", 1);
          vector(m, "subset", 0, 1, 2, 3);
        });
    var model = new CustomModel("Landmarks2TransformMatrix", 1, options, List.of(floats(1, 4, 4)));
    for (int seed = 0; seed < 2; seed++) {
      var points = noise(seed + 10, 1, 1, 1, 12);
      for (var format : FORMATS) {
        assertClose(model.run(folder, format, points).get(0), byRange(points.floats()));
      }
    }
  }

  private static double[] byRange(float[] p) {
    double alpha = -Math.atan((p[4] - p[1]) / (p[3] - p[0]));
    double[] low = {1e5, 1e5};
    double[] high = {-1e5, -1e5};
    for (int i = 0; i < 4; i++) {
      double x = p[3 * i] * Math.cos(alpha) - p[3 * i + 1] * Math.sin(alpha);
      double y = p[3 * i] * Math.sin(alpha) + p[3 * i + 1] * Math.cos(alpha);
      low = new double[] {Math.min(low[0], x), Math.min(low[1], y)};
      high = new double[] {Math.max(high[0], x), Math.max(high[1], y)};
    }
    double mx = (low[0] + high[0]) / 2;
    double my = (low[1] + high[1]) / 2;
    double c = Math.cos(-alpha);
    double s = Math.sin(-alpha);
    double[][] scale = {
      {(high[0] - low[0]) * 1.5 / 192, 0, 0}, {0, (high[1] - low[1]) * 1.5 / 192, 0}, {0, 0, 1}
    };
    double[][] turn = {
      {c, -s, (mx * c - my * s) / 192 * 2 - 1}, {s, c, (mx * s + my * c) / 192 * 2 - 1}, {0, 0, 1}
    };
    double[][] relative = {{2.0 / 23, 0, -1}, {0, 2.0 / 15, -1}, {0, 0, 1}};
    double[][] absolute = {{63 / 2.0, 0, 63 / 2.0}, {0, 47 / 2.0, 47 / 2.0}, {0, 0, 1}};
    var m = product(product(product(absolute, turn), scale), relative);
    return new double[] {
      m[0][0], m[0][1], 0, m[0][2], m[1][0], m[1][1], 0, m[1][2], m[2][0], m[2][1], m[2][2], 0, 0,
      0, 0, 1
    };
  }

  private static double[][] product(double[][] a, double[][] b) {
    var all = new double[3][3];
    for (int i = 0; i < 27; i++) all[i / 9][i / 3 % 3] += a[i / 9][i % 3] * b[i % 3][i / 3 % 3];
    return all;
  }

  // ---- landmarks

  @Test
  void landmarksAreMovedByTheMatrix() throws IOException {
    var matrix = noise(20, 1, 4, 4);
    for (int dims = 2; dims < 4; dims++) {
      var points = noise(21, 1, 5, dims);
      var model =
          new CustomModel(
              "TransformLandmarks", 2, CustomModel.structure(), List.of(floats(1, 5, dims)));
      var expected = moved(points.floats(), matrix.floats(), dims, 1);
      for (var format : FORMATS) {
        assertClose(model.run(folder, format, points, matrix).get(0), expected);
      }
    }
    var options =
        map(m -> {
          m.putInt("dimensions", 3);
          m.putFloat("scale", 2.5);
        });
    var points = noise(22, 1, 2, 2, 6);
    var model = new CustomModel("TransformLandmarks", 1, options, List.of(floats(1, 2, 2, 6)));
    var expected = moved(points.floats(), matrix.floats(), 3, 2.5);
    for (var format : FORMATS) {
      assertClose(model.run(folder, format, points, matrix).get(0), expected);
    }
  }

  private static double[] moved(float[] p, float[] m, int dims, double scale) {
    var all = new double[p.length];
    for (int i = 0; i < p.length; i += dims) {
      all[i] = m[0] * p[i] + m[1] * p[i + 1] + m[3] * scale;
      all[i + 1] = m[4] * p[i] + m[5] * p[i + 1] + m[7] * scale;
      if (dims == 3) all[i + 2] = p[i + 2];
    }
    return all;
  }

  // ---- images

  private static TensorData counted(int height, int width) {
    var values = new float[height * width];
    for (int i = 0; i < values.length; i++) values[i] = i;
    return TensorData.ofFloats(Shape.of(1, height, width, 1), values);
  }

  private static TensorData matrix(double... two) {
    var all = new float[16];
    for (int i = 0; i < 8; i++) all[i] = (float) two[i];
    all[10] = 1;
    all[15] = 1;
    return TensorData.ofFloats(Shape.of(1, 4, 4), all);
  }

  private static CustomModel warp(boolean byCentres, int height, int width, int channels) {
    var options =
        byCentres
            ? map(m -> {
              m.putInt("output_height", height);
              m.putInt("output_width", width);
            })
            : map(m -> {
              m.putString("mode", "bilinear");
              vector(m, "output_size", height, width);
            });
    return new CustomModel(
        byCentres ? "TransformTensorBilinear" : "TransformTensor",
        byCentres ? 2 : 1,
        options,
        List.of(floats(1, height, width, channels)));
  }

  @Test
  void imagesAreSampledAtMovedPixels() throws IOException {
    var twice = matrix(2, 0, 0, 0, 0, 2, 0, 0);
    var left = matrix(1, 0, 0, -1, 0, 1, 0, 0);
    var image = counted(4, 4);
    for (var format : FORMATS) {
      assertClose(warp(false, 2, 2, 1).run(folder, format, image, twice).get(0), 0, 2, 8, 10);
      assertClose(
          warp(true, 2, 2, 1).run(folder, format, image, twice).get(0), 2.5, 4.5, 10.5, 12.5);
      assertClose(
          warp(true, 4, 4, 1).run(folder, format, image, left).get(0),
          0,
          0,
          1,
          2,
          0,
          4,
          5,
          6,
          0,
          8,
          9,
          10,
          0,
          12,
          13,
          14);
    }
  }

  @Test
  void whatIsBeyondTheEdgesIsZero() throws IOException {
    var image = noise(30, 1, 5, 7, 3);
    var turned = matrix(1.3, -0.4, 9, 0.35, 0.6, 0.9, 9, -0.85);
    for (boolean byCentres : new boolean[] {false, true}) {
      var expected = sampled(image.floats(), turned.floats(), byCentres);
      for (var format : FORMATS) {
        var result = warp(byCentres, 6, 5, 3).run(folder, format, image, turned).get(0);
        assertClose(result, expected);
      }
    }
  }

  /// `[5, 7, 3]` to `[6, 5, 3]`.
  private static double[] sampled(float[] image, float[] m, boolean byCentres) {
    var all = new double[90];
    for (int i = 0; i < all.length; i++) {
      int outX = i / 3 % 5;
      int outY = i / 15;
      double half = byCentres ? 0.5 : 0;
      double x = m[0] * (outX + half) + m[1] * (outY + half) + m[3] - half;
      double y = m[4] * (outX + half) + m[5] * (outY + half) + m[7] - half;
      if (x < 0 || x > 6 || y < 0 || y > 4) continue;
      for (int corner = 0; corner < 4; corner++) {
        int column = (int) Math.floor(x) + corner % 2;
        int row = (int) Math.floor(y) + corner / 2;
        if (column > 6 || row > 4) continue;
        double weight = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
        all[i] += weight * image[(row * 7 + column) * 3 + i % 3];
      }
    }
    return all;
  }
}
