package watari.api;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.regex.Pattern;
import watari.api.TfExample.Feature;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.tensor.TensorData;

/// Samples from records of TensorFlow: one file, or a folder of shards as TensorFlow Datasets keeps
/// it. Where there are several splits, those named `train` are taken.
final class RecordSource implements SampleSource {
  private static final Pattern NAME = Pattern.compile(".*\\.tfrecords?(-\\d+-of-\\d+)?");
  private static final String TRAIN = "-train.";

  /// `tensorflow_datasets` keeps a data set in `name/config/version`.
  private static final int DEPTH = 4;

  private final Path folder;
  private final List<FittedInput> inputs;
  private final List<Path> shards;
  private final Map<String, TfdsFeatures.Described> described;
  private Optional<TfRecordFile> open = Optional.empty();
  private int shard;

  private RecordSource(
      Path folder,
      List<FittedInput> inputs,
      List<Path> shards,
      Map<String, TfdsFeatures.Described> described) {
    this.folder = folder;
    this.inputs = inputs;
    this.shards = shards;
    this.described = described;
  }

  static boolean isRecords(Path file) {
    return NAME.matcher(String.valueOf(file.getFileName())).matches();
  }

  /// The shards in a folder; empty if it has none.
  static List<Path> shards(Path folder) throws IOException {
    try (var all = Files.walk(folder, DEPTH)) {
      return all.filter(file -> isRecords(file) && Files.isRegularFile(file)).sorted().toList();
    }
  }

  static RecordSource open(Path path, List<FittedInput> inputs) throws IOException {
    if (!Files.isDirectory(path)) {
      var beside = Optional.ofNullable(path.toAbsolutePath().getParent()).orElse(path);
      return new RecordSource(path, inputs, List.of(path), TfdsFeatures.of(beside));
    }
    var all = shards(path);
    var folders = all.stream().map(Path::getParent).distinct().toList();
    if (folders.size() != 1) {
      var names = folders.stream().map(each -> "'" + each + "'").collect(joining(", "));
      throw broken(path, "it has records in several folders: " + names, "give one of them");
    }
    var train =
        all.stream().filter(each -> String.valueOf(each.getFileName()).contains(TRAIN)).toList();
    var described = TfdsFeatures.of(folders.getFirst());
    return new RecordSource(path, inputs, train.isEmpty() ? all : train, described);
  }

  private static ModelException broken(Path path, String why, String fix) {
    return new ModelException(
        Finding.error("CALIBRATION_BROKEN", why).inFile(path.toString()).fix(fix));
  }

  @Override
  public Optional<List<TensorData>> next() throws IOException {
    while (true) {
      if (open.isEmpty()) {
        if (shard >= shards.size()) return Optional.empty();
        open = Optional.of(new TfRecordFile(shards.get(shard++)));
      }
      var record = open.get().next();
      if (record.isPresent()) return Optional.of(sample(TfExample.read(record.get())));
      close();
    }
  }

  private List<TensorData> sample(Map<String, Feature> features) throws IOException {
    var tensors = new ArrayList<TensorData>();
    for (var input : inputs) {
      var name = name(input, features);
      var feature = features.get(name);
      if (feature == null) throw missing(input, features);
      var value = new RecordValue(name, feature, Optional.ofNullable(described.get(name)));
      tensors.add(value.fitted(input, folder));
    }
    return tensors;
  }

  /// The input's name, or that of the only feature that can be meant.
  private String name(FittedInput input, Map<String, Feature> features) {
    if (features.containsKey(input.name()) || inputs.size() > 1) return input.name();
    var images = names(features, this::isImage);
    if (images.size() == 1) return images.getFirst();
    var fitting = names(features, (_, feature) -> input.takes(feature.count()));
    return images.isEmpty() && fitting.size() == 1 ? fitting.getFirst() : input.name();
  }

  private static List<String> names(
      Map<String, Feature> features, BiPredicate<String, Feature> wanted) {
    return features.entrySet().stream()
        .filter(entry -> wanted.test(entry.getKey(), entry.getValue()))
        .map(Map.Entry::getKey)
        .toList();
  }

  private boolean isImage(String name, Feature feature) {
    var known = described.get(name);
    return known == null ? RecordValue.isImage(feature) : known.isImage();
  }

  private ModelException missing(FittedInput input, Map<String, Feature> features) {
    var names = features.keySet().stream().sorted().collect(joining("', '", "'", "'"));
    return broken(
        folder,
        "no feature of its records is for input '%s'; they have %s".formatted(input.name(), names),
        "give an .npz with an array named after each input");
  }

  @Override
  public void close() {
    open.ifPresent(TfRecordFile::close);
    open = Optional.empty();
  }
}
