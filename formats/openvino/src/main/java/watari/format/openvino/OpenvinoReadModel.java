package watari.format.openvino;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.graph.Value;

/// What all nets of one file share while they are read.
final class OpenvinoReadModel {
  /// How often bodies of loops may be read anew to find the types of what they carry.
  private static final int MOST_REREADS = 200;

  private final OpenvinoWeights weights;
  private final String path;
  private final int version;
  private Findings findings;
  private int rereads;
  private final Set<Value> broken = Collections.newSetFromMap(new IdentityHashMap<>());

  /// @param version of the IR
  OpenvinoReadModel(OpenvinoWeights weights, String path, int version, Findings findings) {
    this.weights = weights;
    this.path = path;
    this.version = version;
    this.findings = findings;
  }

  OpenvinoWeights weights() {
    return weights;
  }

  /// The version of the IR.
  int version() {
    return version;
  }

  void add(Finding finding) {
    findings.add(finding.inFile(path));
  }

  /// Lets findings go elsewhere from now on, and returns where they went before: for a body that
  /// may have to be read once more.
  Findings divert(Findings other) {
    var before = findings;
    findings = other;
    return before;
  }

  /// Whether a loop's body may be read once more.
  boolean mayReread() {
    return rereads++ < MOST_REREADS;
  }

  /// A value that stands for an output that could not be read: its users are not at fault.
  void setBroken(Value value) {
    broken.add(value);
  }

  boolean isBroken(Value value) {
    return broken.contains(value);
  }
}
