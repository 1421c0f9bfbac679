package watari.format.keras;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import watari.finding.Findings;
import watari.format.ByteSource;
import watari.format.FormatWriter;
import watari.format.TargetProfile;
import watari.format.WriteOptions;
import watari.graph.Model;
import watari.op.Op;

/// Writes archives of Keras 3 (`.keras`), whose entries are stored, so that weights lie in them as
/// they are.
public final class KerasV3Writer implements FormatWriter {
  /// The earliest that an archive can say: the same model gives the same bytes.
  private static final LocalDateTime TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

  @Override
  public String format() {
    return "keras";
  }

  @Override
  public TargetProfile profile(WriteOptions options) {
    return new KerasProfile(format());
  }

  @Override
  public Set<Class<? extends Op>> operators() {
    return KerasWriteOps.TABLE.kinds();
  }

  @Override
  public Map<Class<? extends Op>, String> unwritten() {
    return KerasWriteOps.TABLE.refusals();
  }

  @Override
  public List<Path> paths(Path folder, String stem) {
    return List.of(folder.resolve(stem + ".keras"));
  }

  @Override
  public void write(Model model, Path main, WriteOptions options, Findings findings)
      throws IOException {
    var written = KerasOutput.model(model, format(), findings);
    if (written.isEmpty()) return;
    var metadata =
        "{\"keras_version\": \"%s\", \"date_saved\": \"%s\", \"producer\": \"%s\"}"
            .formatted(KerasOutput.VERSION, "1980-01-01@00:00:00", options.producer());
    try (var zip = new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(main)))) {
      store(zip, "metadata.json", ByteSource.of(metadata.getBytes(UTF_8)));
      var config = KerasWriteConfig.ofKeras3(written.get());
      store(zip, "config.json", ByteSource.of(config.getBytes(UTF_8)));
      store(zip, "model.weights.h5", KerasHdfFile.of(tree(written.get())));
    }
  }

  private static void store(ZipOutputStream zip, String name, ByteSource bytes) throws IOException {
    var sum = new CheckedOutputStream(OutputStream.nullOutputStream(), new CRC32());
    bytes.writeTo(Channels.newChannel(sum));
    var entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes.sizeBytes());
    entry.setCompressedSize(bytes.sizeBytes());
    entry.setCrc(sum.getChecksum().getValue());
    entry.setTimeLocal(TIME);
    zip.putNextEntry(entry);
    bytes.writeTo(Channels.newChannel(zip));
    zip.closeEntry();
  }

  /// Keras numbers the layers of each class.
  private static KerasHdfTree tree(KerasWrittenModel model) {
    var root = new KerasHdfTree();
    var used = new HashMap<String, Integer>();
    root.group("vars");
    for (var layer : model.layers()) {
      if (layer.isOperation()) continue;
      var snake = KerasLayer.snakeCase(layer.className());
      int before = used.merge(snake, 1, Integer::sum) - 1;
      var group = root.group("layers/" + (before == 0 ? snake : snake + "_" + before));
      group.group("vars");
      var counts = new HashMap<String, Integer>();
      for (var weight : layer.weights()) {
        int index = counts.merge(weight.owner(), 1, Integer::sum) - 1;
        var owner = weight.owner().isEmpty() ? "" : weight.owner() + "/";
        group.array(owner + "vars/" + index, KerasOutput.storable(weight.data()));
      }
    }
    return root;
  }
}
