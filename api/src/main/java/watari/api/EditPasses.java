package watari.api;

import java.util.ArrayList;
import java.util.List;
import watari.format.TargetProfile;
import watari.rewrite.Pass;

/// The passes that a user's [Edits] and [Precision] ask for.
@SuppressWarnings("UnusedVariable") // until the passes are there
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
}
