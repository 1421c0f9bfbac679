package watari.format.openvino;

import java.util.List;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Resize;
import watari.pass.replace.ReplaceResize;
import watari.rewrite.Match;
import watari.rewrite.Rule;

/// Takes resizes apart that Interpolate does not compute the same way.
final class OpenvinoResizeRules {
  private OpenvinoResizeRules() {}

  static List<Rule<?>> all() {
    return List.of(ReplaceResize.resize(OpenvinoResizeRules::isNative));
  }

  static boolean isNative(Match<Resize> match) {
    return isNative(match.op(), match.input(0).shape());
  }

  static boolean isNative(Resize op, watari.tensor.Shape x) {
    boolean isPlain =
        op.policy() == AspectPolicy.STRETCH && !op.excludeOutside() && !op.antialias();
    boolean isKnown =
        op.coordinates() != Coordinates.TF_CROP_AND_RESIZE
            && op.coordinates() != Coordinates.HALF_PIXEL_SYMMETRIC;
    boolean isHalf =
        op.coordinates() != Coordinates.TF_HALF_PIXEL_FOR_NN || op.mode() == Mode.NEAREST;
    return isPlain && isKnown && isHalf && x.isRanked() && x.rank() <= 5;
  }
}
