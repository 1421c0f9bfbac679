package watari.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.tensor.TensorData;

/// Samples from the images in a folder and those below it, in the order of their names.
final class ImageSource implements SampleSource {
  private static final Set<String> SUFFIXES = Set.of("png", "jpg", "jpeg", "bmp", "gif");

  private final FittedInput input;
  private final List<Path> files;
  private int at;

  private ImageSource(FittedInput input, List<Path> files) {
    this.input = input;
    this.files = files;
  }

  static ImageSource open(Path folder, List<FittedInput> inputs) throws IOException {
    if (inputs.size() != 1) {
      throw broken(
          folder, "a folder of images is for one input, but the model has " + inputs.size());
    }
    var files = new ArrayList<Path>();
    try (var all = Files.walk(folder)) {
      all.filter(ImageSource::isImage).sorted().forEach(files::add);
    }
    if (files.isEmpty()) {
      throw broken(folder, "there are no images (%s) in it".formatted(String.join(", ", sorted())));
    }
    return new ImageSource(inputs.get(0), files);
  }

  private static List<String> sorted() {
    return SUFFIXES.stream().sorted().toList();
  }

  private static boolean isImage(Path file) {
    var name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return SUFFIXES.contains(name.substring(name.lastIndexOf('.') + 1))
        && Files.isRegularFile(file);
  }

  private static ModelException broken(Path path, String why) {
    return new ModelException(
        Finding.error("CALIBRATION_BROKEN", why)
            .inFile(path.toString())
            .fix("give images, an .npy, or an .npz with an array named after each input"));
  }

  @Override
  public Optional<List<TensorData>> next() throws IOException {
    if (at >= files.size()) return Optional.empty();
    var file = files.get(at++);
    Optional<Pixels> image;
    try {
      image = Pixels.read(file);
    } catch (IOException | RuntimeException e) {
      throw broken(file, "the image cannot be read: " + e.getMessage());
    }
    if (image.isEmpty()) throw broken(file, "it is no image that can be read");
    return Optional.of(List.of(input.ofImage(image.get(), file.toString())));
  }

  @Override
  public void close() {}
}
