package watari.api;

import java.util.ArrayList;
import java.util.List;
import watari.finding.Finding;
import watari.format.TargetProfile;
import watari.rewrite.Pass;

/// The passes that a user's [Edits] and [Precision] ask for.
final class EditPasses {
  private final Edits edits;
  private final TargetProfile profile;
  private final Precision precision;

  EditPasses(Edits edits, TargetProfile profile, Precision precision) {
    this.edits = edits;
    this.profile = profile;
    this.precision = precision;
  }

  /// What names tensors of the source: it comes before any rewrite.
  List<Pass> before() {
    return new ArrayList<>();
  }

  /// What changes how numbers and state are stored.
  List<Pass> after() {
    return new ArrayList<>();
  }

  /// What is asked for, but cannot be done.
  List<Finding> findings() {
    var findings = new ArrayList<Finding>();
    if (isQuantizing()) {
      var why = "precision '" + precision + "' cannot be made for " + profile.format() + " yet";
      findings.add(Finding.error("PRECISION_UNSUPPORTED", why).fix("ask for float32 or float16"));
    }
    if (edits.cuts() || edits.changesShapes() || edits.dequantize()) {
      findings.add(Finding.error("EDIT_UNSUPPORTED", "this edit cannot be made yet"));
    }
    return findings;
  }

  private boolean isQuantizing() {
    return switch (precision) {
      case KEPT, FLOAT32, FLOAT16 -> false;
      case WEIGHTS8, DYNAMIC8, INT8, FULL_INT8, FULL_UINT8, INT16X8 -> true;
    };
  }
}
