package watari.api;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Makes of an array, or an image, what an input of a lowered graph takes.
final class FittedInput {
  private final Value input;
  private final List<Integer> permutation;
  private final Optional<Normalization> formula;
  private final CalibrationSettings settings;
  private boolean isTurned;

  /// @param permutation axis `i` of the input is axis `permutation[i]` of the source's; empty if
  ///   none moved
  FittedInput(Value input, List<Integer> permutation, CalibrationSettings settings) {
    this.input = input;
    this.permutation = List.copyOf(permutation);
    this.settings = settings;
    formula =
        settings.normalize().isEmpty()
            ? Optional.empty()
            : Optional.of(Normalization.of(settings.normalize()));
  }

  String name() {
    return input.name();
  }

  /// Whether a sample fitted in the other layout only.
  boolean isTurned() {
    return isTurned;
  }

  /// Whether a sample has so many elements.
  boolean takes(long count) {
    var elements = input.shape().elements();
    return elements.isFixed() && elements.fixed() == count;
  }

  /// The shape of a sample that is told by its numbers alone.
  Shape shapeOf(long count) {
    return takes(count) ? sourceShape() : Shape.of(count);
  }

  /// The shape that the source states.
  Shape sourceShape() {
    if (permutation.isEmpty() || !input.shape().isRanked()) return input.shape();
    var dims = new Dim[permutation.size()];
    for (int i = 0; i < dims.length; i++) dims[permutation.get(i)] = input.shape().dim(i);
    return Shape.of(dims);
  }

  /// An array of the source's shape, or of the lowered input's; images of any size are resized.
  TensorData of(TensorData sample, String file) {
    var source = sourceShape();
    if (fits(sample.shape(), source)) return stored(moved(normalized(sample, source)));
    if (!permutation.isEmpty() && fits(sample.shape(), input.shape())) {
      return stored(normalized(sample, input.shape()));
    }
    var other = turned(sample);
    if (other.isPresent()) {
      isTurned = true;
      return stored(normalized(other.get(), input.shape()));
    }
    if (isImage(sample) && layout().isPresent()) return ofImage(Pixels.of(sample), file);
    boolean lacksBatch = source.hasRank(sample.shape().rank() + 1);
    if (lacksBatch && (source.dim(0).is(1) || !source.dim(0).isFixed())) {
      return of(sample.reshaped(Shape.of(1).concat(sample.shape())), file);
    }
    var why =
        "array for '%s' has samples of shape %s, but the input takes %s"
            .formatted(name(), sample.shape(), source);
    throw new ModelException(Finding.error("CALIBRATION_BROKEN", why).inFile(file));
  }

  /// An image of any size.
  TensorData ofImage(Pixels image, String file) {
    var layout = layout();
    if (layout.isEmpty()) {
      var why = "input '%s' takes no images, but %s".formatted(name(), input.type());
      throw new ModelException(
          Finding.error("CALIBRATION_BROKEN", why)
              .inFile(file)
              .fix("give an .npz with an array named after each input"));
    }
    var shape = input.shape();
    int first = layout.get().firstSpatialAxis();
    int channels = (int) shape.dim(layout.get().channelAxis(4)).fixed();
    int height = size(shape.dim(first), image.height());
    int width = size(shape.dim(first + 1), image.width());
    var sized =
        image.resized(height, width, settings.resize()).channels(channels, settings.isBgr());
    var data = normalized(sized.tensor(), sized.tensor().shape());
    return stored(data.transposed(Layout.CHANNELS_LAST.permutationTo(layout.get(), 4)));
  }

  private static int size(Dim dim, int otherwise) {
    return dim.isFixed() ? Math.toIntExact(dim.fixed()) : otherwise;
  }

  private static boolean isImage(TensorData sample) {
    var shape = sample.shape();
    int rank = shape.rank();
    boolean isOne = rank == 3 || rank == 4 && shape.dim(0).is(1);
    return isOne && (shape.dim(rank - 1).is(3) || shape.dim(rank - 1).is(1));
  }

  /// Where the input has an image's channels; empty where it takes no images.
  private Optional<Layout> layout() {
    var shape = input.shape();
    if (!shape.hasRank(4) || shape.dim(0).isFixed() && !shape.dim(0).is(1)) return Optional.empty();
    if (isColor(shape.dim(3))) return Optional.of(Layout.CHANNELS_LAST);
    return isColor(shape.dim(1)) ? Optional.of(Layout.CHANNELS_FIRST) : Optional.empty();
  }

  private static boolean isColor(Dim dim) {
    return dim.is(1) || dim.is(3);
  }

  private static boolean fits(Shape given, Shape wanted) {
    if (!wanted.isRanked()) return true;
    if (!wanted.hasRank(given.rank())) return false;
    for (int i = 0; i < given.rank(); i++) {
      if (wanted.dim(i).isFixed() && !wanted.dim(i).equals(given.dim(i))) return false;
    }
    return true;
  }

  private TensorData moved(TensorData data) {
    return permutation.isEmpty() ? data : data.transposed(permutation);
  }

  private Optional<TensorData> turned(TensorData sample) {
    int rank = sample.shape().rank();
    if (rank < 3) return Optional.empty();
    for (var layout : Layout.values()) {
      var other = sample.transposed(layout.permutationTo(layout.other(), rank));
      if (fits(other.shape(), input.shape())) return Optional.of(other);
    }
    return Optional.empty();
  }

  private TensorData normalized(TensorData data, Shape shape) {
    if (formula.isEmpty()) return data;
    int axis = channelAxis(shape);
    long inner = 1;
    for (int i = axis + 1; i < data.shape().rank(); i++) inner *= data.shape().dim(i).fixed();
    long channels = data.shape().rank() == 0 ? 1 : data.shape().dim(axis).fixed();
    var values = new float[Math.toIntExact(data.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) formula.get().apply(data.doubleAt(i), (int) (i / inner % channels));
    }
    return TensorData.ofFloats(data.shape(), values);
  }

  private static int channelAxis(Shape shape) {
    if (!shape.isRanked() || shape.rank() == 0) return 0;
    boolean isFirst = shape.hasRank(4) && !isColor(shape.dim(3)) && isColor(shape.dim(1));
    return isFirst ? 1 : shape.rank() - 1;
  }

  private TensorData stored(TensorData data) {
    var type = input.type();
    if (type.isQuantized()) {
      return data.cast(DataType.FLOAT32).quantized(type.quantization(), type.dtype()).copied();
    }
    return data.cast(type.dtype()).copied();
  }

  static List<FittedInput> all(
      List<Value> inputs, List<List<Integer>> permutations, CalibrationSettings settings) {
    var all = new java.util.ArrayList<FittedInput>();
    for (int i = 0; i < inputs.size(); i++) {
      var moved = i < permutations.size() ? permutations.get(i) : Collections.<Integer>emptyList();
      all.add(new FittedInput(inputs.get(i), moved, settings));
    }
    return all;
  }
}
