package watari.format.tflite;

import com.google.flatbuffers.FlexBuffers;
import java.util.ArrayList;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.graph.Value;
import watari.pass.replace.Formula;
import watari.tensor.DataType;

/// Custom operators of MediaPipe's models that turn landmarks and what lies around them.
///
/// Source: MediaPipe, util/tflite/operations; their options are maps of FlexBuffers.
final class TfliteReadLandmarkOps {
  private static final DataType FLOAT = DataType.FLOAT32;

  private TfliteReadLandmarkOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("Landmarks2TransformMatrix", 1, TfliteReadLandmarkOps::matrixByRange)
        .on("Landmarks2TransformMatrix", 2, TfliteReadLandmarkOps::matrixByCrop)
        .on("TransformLandmarks", 1, TfliteReadLandmarkOps::landmarksByOptions)
        .on("TransformLandmarks", 2, TfliteReadLandmarkOps::landmarksByShape)
        .on("TransformTensor", 1, TfliteReadLandmarkOps::tensorByCorners)
        .on("TransformTensorBilinear", 2, TfliteReadLandmarkOps::tensorByCentres);
  }

  private static List<Long> integers(FlexBuffers.Map options, String key, int least) {
    var vector = options.get(key).asVector();
    var all = new ArrayList<Long>();
    for (int i = 0; i < vector.size(); i++) all.add(vector.get(i).asLong());
    if (all.size() < least) throw Unreadable.broken("its option '%s' is missing".formatted(key));
    return all;
  }

  private static float number(FlexBuffers.Map options, String key) {
    return (float) options.get(key).asFloat();
  }

  private static float positive(FlexBuffers.Map options, String key) {
    float value = number(options, key);
    if (value > 0) return value;
    throw Unreadable.broken("its option '%s' is '%s', not above 0".formatted(key, value));
  }

  // ---- matrices

  private static void matrixByCrop(TfliteNode node) {
    var options = TfliteCustom.map(node);
    var subset = integers(options, "subset_idxs", 1);
    var points = points(node, options, subset);
    TfliteEquivalent.read(
        node,
        List.of(FLOAT),
        (in, f) ->
            List.of(
                new TfliteLandmarkMatrix(in.get(0), points, f)
                    .byCrop(
                        options.get("target_rotation_radians").asFloat(),
                        positive(options, "scale_x") / positive(options, "output_width"),
                        positive(options, "scale_y") / positive(options, "output_height"),
                        positive(options, "output_width"),
                        positive(options, "output_height"))));
  }

  private static void matrixByRange(TfliteNode node) {
    var options = TfliteCustom.map(node);
    if (options.get("dimensions").asInt() != 3) {
      var given = options.get("dimensions").asInt();
      throw Unreadable.broken("its landmarks have '%d' dimensions, expected 3".formatted(given));
    }
    var points = points(node, options, integers(options, "subset", 1));
    var from = integers(options, "input_hw", 2);
    var to = integers(options, "output_hw", 2);
    TfliteEquivalent.read(
        node,
        List.of(FLOAT),
        (in, f) ->
            List.of(
                new TfliteLandmarkMatrix(in.get(0), points, f)
                    .byRange(
                        positive(options, "landmarks_range"),
                        number(options, "bbox_size_multiplier"),
                        from,
                        to)));
  }

  private static TfliteLandmarkMatrix.Points points(
      TfliteNode node, FlexBuffers.Map options, List<Long> subset) {
    var points =
        new TfliteLandmarkMatrix.Points(
            options.get("left_rotation_idx").asInt(),
            options.get("right_rotation_idx").asInt(),
            subset);
    long count = node.shape(0).isFixed() ? node.shape(0).elements().fixed() / 3 : Long.MAX_VALUE;
    if (points.least() < 0 || points.most() >= count) {
      throw Unreadable.broken("it uses a landmark that its input does not have");
    }
    return points;
  }

  // ---- landmarks

  private static void landmarksByShape(TfliteNode node) {
    int rank = node.rank(0);
    var dims = node.shape(0).dim(rank - 1);
    if (!dims.isFixed()) throw Unreadable.dynamic("the number of coordinates is not fixed");
    landmarks(node, (int) dims.fixed(), 1);
  }

  private static void landmarksByOptions(TfliteNode node) {
    var options = TfliteCustom.map(node);
    landmarks(node, options.get("dimensions").asInt(), number(options, "scale"));
  }

  private static void landmarks(TfliteNode node, int dimensions, float scale) {
    if (dimensions != 2 && dimensions != 3) {
      throw Unreadable.broken("its landmarks have '%d' dimensions".formatted(dimensions));
    }
    TfliteEquivalent.read(
        node,
        List.of(FLOAT, FLOAT),
        (in, f) -> List.of(moved(in.get(0), in.get(1), dimensions, scale, f)));
  }

  /// `x' = m00 · x + m01 · y + m03 · scale`, so `y'` by the second row; `z` stays.
  private static Value moved(Value x, Value matrix, int dimensions, float scale, Formula f) {
    var points = f.reshape(x, -1, dimensions);
    var flat = f.reshape(matrix, 16);
    var parts = new ArrayList<Value>();
    for (int row = 0; row < 2; row++) {
      Value sum = f.mul(element(flat, 4 * row + 3, f), scale);
      for (int i = 0; i < 2; i++) {
        var factor = element(flat, 4 * row + i, f);
        sum = f.add(f.mul(f.slice(points, 1, i, i + 1), factor), sum);
      }
      parts.add(sum);
    }
    if (dimensions == 3) parts.add(f.slice(points, 1, 2, 3));
    return f.reshape(f.concat(1, parts), x.shape());
  }

  static Value element(Value flat, int i, Formula f) {
    return f.slice(flat, 0, i, i + 1);
  }

  // ---- images

  private static void tensorByCentres(TfliteNode node) {
    var options = TfliteCustom.map(node);
    long height = (long) positive(options, "output_height");
    tensor(node, height, (long) positive(options, "output_width"), /* byCentres= */ true);
  }

  private static void tensorByCorners(TfliteNode node) {
    var options = TfliteCustom.map(node);
    var mode = options.get("mode").asString();
    if (!mode.equals("bilinear")) throw Unreadable.broken("its mode is '%s'".formatted(mode));
    var size = integers(options, "output_size", 2);
    tensor(node, size.get(0), size.get(1), /* byCentres= */ false);
  }

  private static void tensor(TfliteNode node, long height, long width, boolean byCentres) {
    node.fixedDims(0);
    if (node.rank(0) != 4 || !node.shape(0).dim(0).is(1)) {
      throw Unreadable.broken(
          "its input has shape %s, expected [1, H, W, C]".formatted(node.shape(0)));
    }
    TfliteEquivalent.read(
        node,
        List.of(FLOAT, FLOAT),
        (in, f) -> List.of(TfliteWarp.of(in.get(0), in.get(1), height, width, byCentres, f)));
  }
}
