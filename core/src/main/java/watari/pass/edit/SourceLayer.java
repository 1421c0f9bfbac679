package watari.pass.edit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.graph.Metadata;
import watari.graph.Metadata.Attachment;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// What a format whose layers have ids calls one of them.
///
/// @param name of the node
/// @param tensor name of what it gives
/// @param users the layers that read what it gives
public record SourceLayer(String id, String name, String tensor, List<User> users) {
  private static final String KIND = "layers" + Attachment.INTERNAL;
  private static final String SEPARATOR = "\u001f";

  /// An input of a layer.
  public record User(String name, int input) {}

  public SourceLayer {
    users = List.copyOf(users);
  }

  /// All layers of a file, to be carried along with the model.
  public static Attachment attachment(List<SourceLayer> layers) {
    var text = new StringBuilder();
    for (var layer : layers) {
      var words = new ArrayList<>(List.of(layer.id, layer.name, layer.tensor));
      for (var user : layer.users) words.addAll(List.of(user.name, Integer.toString(user.input)));
      text.append(String.join(SEPARATOR, words).replace('\n', ' ')).append('\n');
    }
    var bytes = MemorySegment.ofArray(text.toString().getBytes(UTF_8));
    var data = TensorData.of(DataType.UINT8, Shape.of(bytes.byteSize()), bytes);
    return new Attachment(KIND, "", data);
  }

  /// The layers of a model by id; none where the format has no ids.
  public static Map<String, SourceLayer> of(Metadata metadata) {
    var layers = new LinkedHashMap<String, SourceLayer>();
    for (var file : metadata.attachments()) {
      if (!file.kind().equals(KIND)) continue;
      var bytes = new byte[Math.toIntExact(file.bytes().size())];
      file.bytes().copyTo(0, bytes.length, MemorySegment.ofArray(bytes));
      new String(bytes, UTF_8).lines().map(SourceLayer::read).forEach(l -> layers.put(l.id, l));
    }
    return layers;
  }

  private static SourceLayer read(String line) {
    var words = line.split(SEPARATOR, -1);
    var users = new ArrayList<User>();
    for (int i = 3; i + 1 < words.length; i += 2) {
      users.add(new User(words[i], Integer.parseInt(words[i + 1])));
    }
    return new SourceLayer(words[0], words[1], words[2], users);
  }
}
