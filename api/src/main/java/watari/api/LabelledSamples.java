package watari.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import watari.engine.EngineException;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Samples with the class that each is of: an .npz of an array for each input, and of labels, which
/// are whole numbers, or a row of a number for each class of which the largest counts.
final class LabelledSamples {
  /// What the array of labels is called.
  static final List<String> NAMES = List.of("labels.npy", "label.npy");

  private final Path file;
  private final CalibrationSettings settings;

  /// A model, or what will become one.
  interface Runs {
    List<TensorData> run(List<TensorData> sample) throws IOException, EngineException;
  }

  /// @param how the samples become inputs
  LabelledSamples(Path file, CalibrationSettings how) {
    this.file = file;
    settings = how.withData(file);
  }

  /// The percentage of samples for which the largest number of the first output is at the place
  /// that the label says.
  ///
  /// @throws ModelException if the file is none, has no labels, or samples of another model
  double percentRight(Runs model, List<FittedInput> inputs) throws IOException, EngineException {
    if (!Files.exists(file)) throw new NoSuchFileException(file.toString());
    long right = 0;
    long all = 0;
    try (var zip = new ZipFile(file.toFile());
        var labels = labels(zip);
        var samples = Calibration.open(settings, inputs)) {
      while (true) {
        var label = labels.next();
        var sample = samples.next();
        if (label.isEmpty() || sample.isEmpty()) break;
        if (largest(model.run(sample.get()).getFirst()) == place(label.get())) right++;
        all++;
      }
    } catch (ZipException e) {
      throw broken("it is no .npz: " + e.getMessage());
    }
    if (all == 0) throw broken("there are no samples in it");
    return 100.0 * right / all;
  }

  private SampleArray labels(ZipFile zip) throws IOException {
    var entry = NAMES.stream().map(zip::getEntry).filter(each -> each != null).findFirst();
    if (entry.isEmpty()) throw broken("it has no array 'labels'");
    return new SampleArray("labels", zip.getInputStream(entry.get()), Shape.SCALAR);
  }

  private static long place(TensorData label) {
    return label.size() == 1 ? label.longAt(0) : largest(label);
  }

  private static long largest(TensorData scores) {
    long best = 0;
    for (long i = 1; i < scores.size(); i++) {
      if (scores.doubleAt(i) > scores.doubleAt(best)) best = i;
    }
    return best;
  }

  private ModelException broken(String why) {
    return new ModelException(
        Finding.error("LABELS_BROKEN", why)
            .inFile(file.toString())
            .fix("give an .npz with an array named after each input, and one named 'labels'"));
  }
}
