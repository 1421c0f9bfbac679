package watari.api;

import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import watari.engine.EngineException;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Makes a model's input of an image file: stretched to the input's size, its numbers from 0 to 255
/// put through a formula.
final class Photo {
  private static final int UNKNOWN_SIZE = 224;

  private final Value input;
  private final Layout layout;
  private final int channels;

  /// @throws EngineException if the input takes no image
  Photo(Value input) throws EngineException {
    this.input = input;
    if (!input.shape().hasRank(4)) throw noImage();
    this.layout = isChannels(3) ? Layout.CHANNELS_LAST : Layout.CHANNELS_FIRST;
    if (layout == Layout.CHANNELS_FIRST && !isChannels(1)) throw noImage();
    this.channels = (int) input.shape().dim(layout.channelAxis(4)).fixed();
  }

  private EngineException noImage() {
    return new EngineException("input '" + input.name() + "' takes no image, but " + input.type());
  }

  private boolean isChannels(int axis) {
    var dim = input.shape().dim(axis);
    return dim.is(1) || dim.is(3);
  }

  TensorData read(Path file, Normalization formula) throws IOException {
    System.setProperty("java.awt.headless", "true");
    var image = ImageIO.read(file.toFile());
    if (image == null) {
      throw new ModelException(
          Finding.error("DATA_BROKEN", "the file is no image that can be read")
              .inFile(file.toString()));
    }
    int height = size(layout.firstSpatialAxis());
    int width = size(layout.firstSpatialAxis() + 1);
    return tensor(stretched(image, width, height), formula);
  }

  private int size(int axis) {
    var dim = input.shape().dim(axis);
    return dim.isFixed() ? Math.toIntExact(dim.fixed()) : UNKNOWN_SIZE;
  }

  private static BufferedImage stretched(BufferedImage image, int width, int height) {
    var scaled = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    var graphics = scaled.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    graphics.drawImage(image, 0, 0, width, height, null);
    graphics.dispose();
    return scaled;
  }

  private TensorData tensor(BufferedImage image, Normalization formula) {
    int height = image.getHeight();
    int width = image.getWidth();
    var values = new float[height * width * channels];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int rgb = image.getRGB(x, y);
        for (int c = 0; c < channels; c++) {
          int at = ((y * width) + x) * channels + c;
          values[at] = (float) formula.apply(channel(rgb, c), c);
        }
      }
    }
    var data = TensorData.ofFloats(Shape.of(1, height, width, channels), values);
    return stored(data.transposed(Layout.CHANNELS_LAST.permutationTo(layout, 4)));
  }

  /// Red, green and blue; or the lightness for a single channel.
  private double channel(int rgb, int c) {
    int red = rgb >> 16 & 0xFF;
    int green = rgb >> 8 & 0xFF;
    int blue = rgb & 0xFF;
    if (channels == 1) return 0.299 * red + 0.587 * green + 0.114 * blue;
    return c == 0 ? red : c == 1 ? green : blue;
  }

  private TensorData stored(TensorData data) {
    var type = input.type();
    if (type.isQuantized()) return data.quantized(type.quantization(), type.dtype());
    return type.dtype() == DataType.FLOAT32 ? data : data.cast(type.dtype());
  }
}
