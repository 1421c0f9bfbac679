package watari.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.tensor.TensorData;

/// Samples from an .npy, or from an .npz with an array for each input.
final class ArraySource implements SampleSource {
  private static final String SUFFIX = ".npy";

  private final Path file;
  private final List<FittedInput> inputs;
  private final List<SampleArray> arrays = new ArrayList<>();
  private Optional<ZipFile> archive = Optional.empty();

  private ArraySource(Path file, List<FittedInput> inputs) {
    this.file = file;
    this.inputs = inputs;
  }

  static ArraySource open(Path file, List<FittedInput> inputs) throws IOException {
    var source = new ArraySource(file, inputs);
    boolean isOpen = false;
    try {
      if (file.toString().endsWith(SUFFIX)) source.openArray();
      else source.openArchive();
      isOpen = true;
      return source;
    } finally {
      if (!isOpen) source.close();
    }
  }

  private void openArray() throws IOException {
    if (inputs.size() != 1) {
      throw broken("it has one array, but the model %d inputs".formatted(inputs.size()))
          .asException("give an .npz with an array named after each input: " + names());
    }
    var name = String.valueOf(file.getFileName());
    arrays.add(new SampleArray(name, Files.newInputStream(file), inputs.get(0).sourceShape()));
  }

  private void openArchive() throws IOException {
    try {
      archive = Optional.of(new ZipFile(file.toFile()));
    } catch (ZipException e) {
      throw broken("it is neither .npy nor .npz: " + e.getMessage()).asException("");
    }
    var zip = archive.get();
    for (var input : inputs) {
      var entry = zip.getEntry(input.name() + SUFFIX);
      if (entry == null && inputs.size() == 1) entry = only(zip).orElse(null);
      if (entry == null) {
        throw broken("it has no array '" + input.name() + "'")
            .asException("name its arrays after the inputs: " + names());
      }
      arrays.add(new SampleArray(input.name(), zip.getInputStream(entry), input.sourceShape()));
    }
  }

  /// The only array of samples.
  private static Optional<? extends ZipEntry> only(ZipFile zip) {
    var entries =
        zip.stream().filter(each -> !LabelledSamples.NAMES.contains(each.getName())).toList();
    return entries.size() == 1 ? Optional.of(entries.getFirst()) : Optional.empty();
  }

  private String names() {
    return String.join(", ", inputs.stream().map(FittedInput::name).toList());
  }

  /// What is wrong with the file.
  private record Broken(Path file, String why) {
    ModelException asException(String fix) {
      var finding = Finding.error("CALIBRATION_BROKEN", why).inFile(file.toString());
      return new ModelException(fix.isEmpty() ? finding : finding.fix(fix));
    }
  }

  private Broken broken(String why) {
    return new Broken(file, why);
  }

  @Override
  public Optional<List<TensorData>> next() throws IOException {
    var tensors = new ArrayList<TensorData>();
    for (int i = 0; i < inputs.size(); i++) {
      var sample = arrays.get(i).next();
      if (sample.isEmpty()) return Optional.empty();
      tensors.add(inputs.get(i).of(sample.get(), file.toString()));
    }
    return Optional.of(tensors);
  }

  @Override
  public void close() throws IOException {
    for (var array : arrays) array.close();
    if (archive.isPresent()) archive.get().close();
  }
}
