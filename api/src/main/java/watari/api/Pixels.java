package watari.api;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import javax.imageio.ImageIO;
import watari.api.CalibrationSettings.Resize;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// An image: numbers from 0 to 255, row by row, red, green and blue next to each other.
final class Pixels {
  private final int height;
  private final int width;
  private final int channels;
  private final float[] numbers;

  /// @param channels 1 or 3
  private Pixels(int height, int width, int channels, float... numbers) {
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.numbers = numbers;
  }

  int height() {
    return height;
  }

  int width() {
    return width;
  }

  /// Of a file; empty if it is no image that Java reads.
  static Optional<Pixels> read(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      return read(in);
    }
  }

  /// Of a file's bytes.
  static Optional<Pixels> read(InputStream bytes) throws IOException {
    System.setProperty("java.awt.headless", "true");
    var image = ImageIO.read(bytes);
    return image == null ? Optional.empty() : Optional.of(of(image));
  }

  private static Pixels of(BufferedImage image) {
    int height = image.getHeight();
    int width = image.getWidth();
    if (image.getType() == BufferedImage.TYPE_BYTE_GRAY) {
      // Java takes grey for light that is not yet encoded, and would make it brighter.
      var grey = image.getRaster().getSamples(0, 0, width, height, 0, new float[height * width]);
      return new Pixels(height, width, 1, grey);
    }
    var numbers = new float[height * width * 3];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int rgb = image.getRGB(x, y);
        int at = (y * width + x) * 3;
        numbers[at] = rgb >> 16 & 0xFF;
        numbers[at + 1] = rgb >> 8 & 0xFF;
        numbers[at + 2] = rgb & 0xFF;
      }
    }
    return new Pixels(height, width, 3, numbers);
  }

  /// Of an array `[height, width, channels]`, perhaps behind an axis of 1.
  static Pixels of(TensorData data) {
    var shape = data.shape();
    int rank = shape.rank();
    return new Pixels(
        Math.toIntExact(shape.dim(rank - 3).fixed()),
        Math.toIntExact(shape.dim(rank - 2).fixed()),
        Math.toIntExact(shape.dim(rank - 1).fixed()),
        data.cast(watari.tensor.DataType.FLOAT32).floats());
  }

  Pixels resized(int toHeight, int toWidth, Resize mode) {
    if (toHeight == height && toWidth == width) return this;
    double across = (double) width / toWidth;
    double down = (double) height / toHeight;
    double scale =
        switch (mode) {
          case STRETCH -> 0;
          case FIT -> Math.max(across, down);
          case CROP -> Math.min(across, down);
        };
    double stepX = mode == Resize.STRETCH ? across : scale;
    double stepY = mode == Resize.STRETCH ? down : scale;
    // The middles lie on each other.
    double fromX = (width - toWidth * stepX) / 2;
    double fromY = (height - toHeight * stepY) / 2;
    var made = new float[toHeight * toWidth * channels];
    for (int y = 0; y < toHeight; y++) {
      for (int x = 0; x < toWidth; x++) {
        double placeX = fromX + (x + 0.5) * stepX;
        double placeY = fromY + (y + 0.5) * stepY;
        boolean isInside = placeX >= 0 && placeX <= width && placeY >= 0 && placeY <= height;
        int at = (y * toWidth + x) * channels;
        for (int c = 0; isInside && c < channels; c++) made[at + c] = at(placeY, placeX, c);
      }
    }
    return new Pixels(toHeight, toWidth, channels, made);
  }

  /// Bilinear, with half-pixel centres.
  private float at(double placeY, double placeX, int c) {
    double y = Math.clamp(placeY - 0.5, 0, height - 1);
    double x = Math.clamp(placeX - 0.5, 0, width - 1);
    int y0 = (int) y;
    int x0 = (int) x;
    int y1 = Math.min(y0 + 1, height - 1);
    int x1 = Math.min(x0 + 1, width - 1);
    double top = mix(number(y0, x0, c), number(y0, x1, c), x - x0);
    double bottom = mix(number(y1, x0, c), number(y1, x1, c), x - x0);
    return (float) mix(top, bottom, y - y0);
  }

  private static double mix(double a, double b, double share) {
    return a + (b - a) * share;
  }

  private float number(int y, int x, int c) {
    return numbers[(y * width + x) * channels + c];
  }

  /// The same with so many channels: lightness for one, grey for three.
  Pixels channels(int wanted, boolean isBgr) {
    var made = new float[height * width * wanted];
    for (int i = 0; i < height * width; i++) {
      for (int c = 0; c < wanted; c++) made[i * wanted + c] = channel(i, c, wanted, isBgr);
    }
    return new Pixels(height, width, wanted, made);
  }

  private float channel(int i, int c, int wanted, boolean isBgr) {
    if (channels == 1) return numbers[i];
    int at = i * channels;
    if (wanted == 1) {
      return (float) (0.299 * numbers[at] + 0.587 * numbers[at + 1] + 0.114 * numbers[at + 2]);
    }
    return numbers[at + (isBgr ? channels - 1 - c : c)];
  }

  /// `[1, height, width, channels]`.
  TensorData tensor() {
    return TensorData.ofFloats(Shape.of(1, height, width, channels), numbers);
  }
}
