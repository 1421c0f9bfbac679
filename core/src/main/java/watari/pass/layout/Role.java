package watari.pass.layout;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;

/// What the axes of a tensor stand for: `batch` axes first, then `channels` axes and the spatial
/// ones, in the order of `layout`.
///
/// A reshape may split channels into several axes, so there can be more than one. A tensor without
/// spatial or without channel axes looks the same in both layouts and has no role.
record Role(Layout layout, int batch, int channels) {
  /// The role of a spatial operator's tensors.
  static Role of(Layout layout) {
    return new Role(layout, 1, 1);
  }

  int spatial(int rank) {
    return rank - batch - channels;
  }

  Role swapped() {
    return new Role(layout.other(), batch, channels);
  }

  /// The permutation that takes a tensor of this role to the other layout.
  List<Integer> swap(int rank) {
    int spatial = spatial(rank);
    int first = layout == Layout.CHANNELS_FIRST ? channels : spatial;
    var perm = new ArrayList<Integer>();
    for (int i = 0; i < batch; i++) perm.add(i);
    for (int i = batch + first; i < rank; i++) perm.add(i);
    for (int i = batch; i < batch + first; i++) perm.add(i);
    return perm;
  }

  /// The role of the output of a Transpose: the other layout if it swaps the groups whole, this one
  /// if it moves axes only inside their groups.
  Optional<Role> transposed(List<Integer> perm) {
    if (perm.equals(swap(perm.size()))) return Optional.of(swapped());
    for (int i = 0; i < perm.size(); i++) {
      if (group(i, perm.size()) != group(perm.get(i), perm.size())) return Optional.empty();
    }
    return Optional.of(this);
  }

  /// 0 for batch axes, 1 for the group that stands first, 2 for the last.
  private int group(int axis, int rank) {
    int first = layout == Layout.CHANNELS_FIRST ? channels : spatial(rank);
    if (axis < batch) return 0;
    return axis < batch + first ? 1 : 2;
  }

  /// The role left when axes are dropped; empty if the rest looks the same in both layouts.
  Optional<Role> without(List<Integer> axes, int rank) {
    var left = new int[3];
    for (int i = 0; i < rank; i++) if (!axes.contains(i)) left[group(i, rank)]++;
    int channelGroup = layout == Layout.CHANNELS_FIRST ? 1 : 2;
    if (left[1] == 0 || left[2] == 0) return Optional.empty();
    return Optional.of(new Role(layout, left[0], left[channelGroup]));
  }

  /// What a reshape makes of the groups.
  ///
  /// @param role of the output, if groups stay apart and both are left
  /// @param apart whether no element leaves its group: then the reshape can be done in either
  ///   layout
  record Regrouped(Optional<Role> role, boolean apart) {
    static final Regrouped MIXED = new Regrouped(Optional.empty(), false);
  }

  /// Follows the groups through a reshape from `from` to `to`.
  Regrouped reshaped(Shape from, Shape to) {
    int first = batch + (layout == Layout.CHANNELS_FIRST ? channels : spatial(from.rank()));
    int batchEnd = boundary(to, 0, from.product(0, batch));
    if (batchEnd < 0) return Regrouped.MIXED;
    int firstEnd = boundary(to, batchEnd, from.product(batch, first));
    if (firstEnd < 0) return Regrouped.MIXED;
    if (!to.product(firstEnd, to.rank()).equals(from.product(first, from.rank()))) {
      return Regrouped.MIXED;
    }
    int firstCount = firstEnd - batchEnd;
    int lastCount = to.rank() - firstEnd;
    if (firstCount == 0 || lastCount == 0) return new Regrouped(Optional.empty(), true);
    int channelCount = layout == Layout.CHANNELS_FIRST ? firstCount : lastCount;
    return new Regrouped(Optional.of(new Role(layout, batchEnd, channelCount)), true);
  }

  /// The end of the fewest axes from `start` on whose dims multiply to `size`, or -1.
  private static int boundary(Shape shape, int start, Dim size) {
    var product = Dim.ONE;
    if (size.is(1)) {
      // An axis of 1 may belong to either side; give it to this one unless the rest needs it.
      return start < shape.rank() && shape.dim(start).is(1) ? start + 1 : start;
    }
    for (int end = start; end < shape.rank(); end++) {
      product = product.times(shape.dim(end));
      if (product.equals(size)) return end + 1;
    }
    return -1;
  }
}
