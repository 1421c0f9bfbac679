package watari.format;

import java.util.List;
import java.util.Optional;
import watari.finding.Finding;
import watari.graph.Node;
import watari.op.Custom;
import watari.op.Op;
import watari.quant.QuantizationRules;
import watari.quant.Storage;
import watari.rewrite.Pass;
import watari.tensor.Layout;

/// What a target can express, and how a graph gets there.
///
/// A model goes through [#decompose], layout assignment by [#layoutOf], then [#legalize]; what
/// [#refuse] says of any node after that stops the conversion.
public interface TargetProfile {
  String format();

  /// The layout that the target's users expect of inputs and outputs.
  Layout nativeLayout();

  /// The layout in which the target takes an operator that has one; empty where both do.
  Optional<Layout> layoutOf(Op op);

  /// Whether the target keeps state between calls.
  boolean keepsState();

  /// Whether the target has an operator that no record of ours says.
  default boolean has(Custom op) {
    return false;
  }

  /// Rewrites whole operators that the target lacks. Runs before layouts are assigned, so that what
  /// it adds takes part.
  List<Pass> decompose();

  /// Rewrites what depends on layouts, dtypes and names; adds no Transpose that layout assignment
  /// could have spared.
  List<Pass> legalize();

  /// How operators work on integers that are stored so; empty where the target cannot say it.
  default Optional<QuantizationRules> quantization(Storage storage) {
    return Optional.empty();
  }

  /// Why a node cannot be written; empty if it can.
  Optional<Finding> refuse(Node node);
}
