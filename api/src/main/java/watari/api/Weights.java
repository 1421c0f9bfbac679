package watari.api;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.FormatWeights;
import watari.format.FormatWeights.Weight;
import watari.pass.edit.NearNames;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// The constants of a model as files of NumPy, and back: everything else in the model stays.
public final class Weights {
  private static final int MOST_NAME_CHARS = 180;

  private final Formats formats = new Formats();

  /// Writes each constant as an .npy, and `index.json`, which says what is what.
  ///
  /// @throws UsageException if the result would take the model's place
  public FileReport extract(Path model, Path folder, boolean force) {
    return new FileStep(model, folder)
        .run(
            force,
            List.of(),
            (temporary, findings) -> {
              var format = of(model);
              Files.createDirectories(temporary);
              try (var arena = Arena.ofConfined()) {
                var index = files(format.list(model, arena, findings));
                for (var entry : index) write(temporary, entry.file(), entry.weight().data());
                WeightIndex.write(temporary, format.format(), index);
              }
              return format.format();
            });
  }

  private FormatWeights of(Path model) throws IOException {
    var format = formats.readerOf(model).format();
    return formats
        .weights(format)
        .orElseThrow(() -> {
          var why = "the constants of the format '" + format + "' cannot be had yet";
          return new ModelException(
              Finding.error("FORMAT_UNSUPPORTED", why).inFile(model.toString()));
        });
  }

  private static void write(Path folder, String file, TensorData data) throws IOException {
    var stored = stored(data.dtype());
    var array = stored == data.dtype() ? data : data.cast(stored);
    Npy.write(folder.resolve(file), array);
  }

  /// The type of NumPy that holds the numbers of a type exactly.
  private static DataType stored(DataType dtype) {
    return switch (dtype) {
      case INT4, INT2 -> DataType.INT8;
      case UINT4, UINT2 -> DataType.UINT8;
      default -> Npy.isKnown(dtype) ? dtype : DataType.FLOAT32;
    };
  }

  /// Names for files: no two differ in their case alone.
  private static List<WeightIndex.Entry> files(List<Weight> weights) {
    var counts = new HashMap<String, Integer>();
    for (var weight : weights) counts.merge(plain(weight.name()), 1, Integer::sum);
    var taken = new HashSet<String>();
    var entries = new ArrayList<WeightIndex.Entry>();
    for (var weight : weights) {
      var name = fileName(weight.name());
      boolean isAlone = counts.getOrDefault(plain(weight.name()), 0) == 1;
      if (!isAlone) name = cut(name + "__" + fileName(weight.id()));
      var free = name;
      for (int i = 1; !taken.add(free.toLowerCase(Locale.ROOT)); i++) free = name + "_" + i;
      entries.add(new WeightIndex.Entry(weight, free + ".npy", stored(weight.data().dtype())));
    }
    return entries;
  }

  private static String plain(String name) {
    return fileName(name).toLowerCase(Locale.ROOT);
  }

  private static String fileName(String name) {
    var plain = name.replaceAll("[^\\p{L}\\p{N}._+=@-]", "_");
    if (plain.isEmpty() || plain.startsWith(".")) plain = "_" + plain;
    return cut(plain);
  }

  private static String cut(String name) {
    return name.length() > MOST_NAME_CHARS ? name.substring(0, MOST_NAME_CHARS) : name;
  }

  /// Writes the model with the constants of a folder that [#extract] made.
  ///
  /// @throws UsageException if the result would take the model's place
  public FileReport inject(Path model, Path folder, Path result, boolean force) {
    return new FileStep(model, result)
        .run(
            force,
            Files.isDirectory(model) ? List.of() : beside(model, result),
            (temporary, findings) -> {
              if (!Files.isDirectory(folder)) throw new NoSuchFileException(folder.toString());
              var format = of(model);
              try (var arena = Arena.ofConfined()) {
                var changed =
                    changed(format.list(model, arena, new Findings()), folder, findings, arena);
                if (!findings.hasErrors()) format.inject(model, temporary, changed, findings);
              }
              return format.format();
            });
  }

  private List<Path> beside(Path model, Path result) {
    try {
      return of(model).beside(result);
    } catch (IOException | ModelException _) {
      return List.of(); // The step itself tells what is wrong with the model.
    }
  }

  /// The constants whose files differ from the model.
  private static Map<String, TensorData> changed(
      List<Weight> weights, Path folder, Findings findings, Arena arena) throws IOException {
    var known = new LinkedHashMap<String, Weight>();
    for (var weight : weights) known.put(weight.id(), weight);
    var changed = new LinkedHashMap<String, TensorData>();
    for (var line : WeightIndex.read(folder)) {
      var weight = known.get(line.id());
      if (weight == null) {
        findings.add(unknown(line, known.keySet(), folder));
        continue;
      }
      var file = line.resolvedIn(folder);
      if (!Files.isRegularFile(file)) {
        findings.add(Finding.error("FILE_NOT_FOUND", "there is no '" + file + "'"));
        continue;
      }
      var array = Npy.read(line.file(), FileBytes.map(file, arena).all());
      var mismatch = mismatch(weight, array, file);
      if (mismatch.isEmpty()) {
        var data = array.cast(weight.data().dtype());
        if (!data.contentEquals(weight.data())) changed.put(line.id(), data);
      } else {
        findings.add(mismatch.get());
      }
    }
    return changed;
  }

  private static Finding unknown(WeightIndex.Line line, Set<String> known, Path folder) {
    var why =
        "the model has no constant '%s' (line %d of the index)".formatted(line.id(), line.number());
    return Finding.error("NAME_UNKNOWN", why)
        .inFile(folder.resolve(WeightIndex.FILE).toString())
        .fix("near ones: " + String.join(", ", NearNames.of(line.id(), List.copyOf(known))));
  }

  private static Optional<Finding> mismatch(Weight weight, TensorData array, Path file) {
    var dtype = stored(weight.data().dtype());
    var shape = weight.data().shape();
    var why = "";
    if (array.dtype() != dtype || !array.shape().equals(shape)) {
      why =
          "it is %s%s, but '%s' is %s%s"
              .formatted(array.dtype(), array.shape(), weight.name(), dtype, shape);
    } else if (dtype != weight.data().dtype() && dtype.isInteger()) {
      why = beyond(array, weight);
    }
    if (why.isEmpty()) return Optional.empty();
    return Optional.of(
        Finding.error("WEIGHT_MISMATCH", why)
            .inFile(file.toString())
            .fix("save it with the type and shape that 'weights extract' gave it"));
  }

  /// Numbers that fewer bits do not hold.
  private static String beyond(TensorData array, Weight weight) {
    var dtype = weight.data().dtype();
    long least = dtype == DataType.INT4 ? -8 : dtype == DataType.INT2 ? -2 : 0;
    long most = least + (1L << dtype.bits()) - 1;
    for (long i = 0; i < array.size(); i++) {
      long value = array.longAt(i);
      if (value < least || value > most) {
        return "it has '%d', but '%s' holds %d to %d".formatted(value, weight.name(), least, most);
      }
    }
    return "";
  }
}
