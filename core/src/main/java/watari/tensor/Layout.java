package watari.tensor;

import java.util.ArrayList;
import java.util.List;

/// Where the channel axis of a spatial operator's tensors stands; the batch axis is always first.
///
/// Filters follow their operator: `O I/g spatial` channels-first (OIHW), `O spatial I/g`
/// channels-last (OHWI).
public enum Layout {
  /// NCW, NCHW, NCDHW.
  CHANNELS_FIRST,
  /// NWC, NHWC, NDHWC.
  CHANNELS_LAST;

  public int channelAxis(int rank) {
    return this == CHANNELS_FIRST ? 1 : rank - 1;
  }

  public int firstSpatialAxis() {
    return this == CHANNELS_FIRST ? 2 : 1;
  }

  /// The spatial axes of a tensor, in order.
  public List<Integer> spatialAxes(int rank) {
    var axes = new ArrayList<Integer>();
    for (int i = 0; i < rank - 2; i++) axes.add(firstSpatialAxis() + i);
    return axes;
  }

  /// The permutation that takes a tensor of this layout to `other`.
  public List<Integer> permutationTo(Layout other, int rank) {
    var perm = new ArrayList<Integer>();
    boolean moves = this != other && rank > 2;
    for (int i = 0; i < rank; i++) if (!moves || i != channelAxis(rank)) perm.add(i);
    if (moves) perm.add(other.channelAxis(rank), channelAxis(rank));
    return perm;
  }

  public Layout other() {
    return this == CHANNELS_FIRST ? CHANNELS_LAST : CHANNELS_FIRST;
  }
}
