package watari.format.keras;

import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.function.Function;
import watari.format.ReadTable;
import watari.format.keras.KerasVariable.Role;

/// The table of all layers that are read, by class name; functions of `keras.ops` have `ops.`
/// before theirs.
final class KerasReadOps {
  /// What is known of a class of layers.
  ///
  /// @param roles the weights that it has, for a configuration
  /// @param reading what it computes
  record Entry(Function<KerasLayer, List<Role>> roles, Reading reading) {
    void read(KerasCall call) {
      reading.read(call);
    }
  }

  /// Says what a layer means.
  @FunctionalInterface
  interface Reading {
    void read(KerasCall call);
  }

  /// Layers by class name.
  static final class Table {
    private final ReadTable<Entry> table = new ReadTable<>();

    /// A layer without weights.
    Table on(String name, Reading reading) {
      return on(name, _ -> List.of(), reading);
    }

    Table on(String name, Function<KerasLayer, List<Role>> roles, Reading reading) {
      table.on(name, new Entry(roles, reading));
      return this;
    }
  }

  private static final ReadTable<Entry> TABLE = table();

  private KerasReadOps() {}

  private static ReadTable<Entry> table() {
    var table = new Table();
    KerasReadCoreOps.register(table);
    KerasReadConvOps.register(table);
    KerasReadActivationOps.register(table);
    KerasReadPoolOps.register(table);
    KerasReadNormOps.register(table);
    KerasReadMergeOps.register(table);
    KerasReadShapeOps.register(table);
    KerasReadRecurrentOps.register(table);
    KerasReadWrapperOps.register(table);
    KerasReadAttentionOps.register(table);
    KerasReadMultiHeadOps.register(table);
    KerasReadImageOps.register(table);
    KerasReadOperationOps.register(table);
    KerasReadMovementOps.register(table);
    KerasReadIndexOps.register(table);
    KerasReadLambdaOps.register(table);
    return table.table;
  }

  static Map<String, NavigableSet<Integer>> versions() {
    return TABLE.versions();
  }

  /// The weights that a layer has itself, without those inside it.
  static List<Role> roles(KerasLayer layer) {
    return TABLE
        .entry(layer.operator(), 1)
        .map(entry -> entry.roles().apply(layer))
        .orElse(List.of());
  }

  /// @throws KerasRefusal if there is none
  static Entry entry(KerasLayer layer) {
    return TABLE.entry(layer.operator(), 1).orElseThrow(() -> KerasOperators.unread(layer));
  }
}
