package watari.pass.canonical;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Optional;
import watari.graph.Node;
import watari.op.ConvOp.Conv;
import watari.op.Padding;
import watari.op.ShapeOp.BatchToSpace;
import watari.op.ShapeOp.SpaceToBatch;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Layout;
import watari.tensor.TensorData;

/// `BatchToSpace(Conv(SpaceToBatch(x)))` → `Conv(x)` with the block as dilation.
///
/// Holds for an undilated Conv of stride 1 without padding, channels-last, over as many axes as
/// have blocks; what SpaceToBatch pads and BatchToSpace crops becomes the padding.
public final class FuseBatchBlocks implements Rule<BatchToSpace> {
  @Override
  public Class<BatchToSpace> root() {
    return BatchToSpace.class;
  }

  @Override
  public Outcome apply(Match<BatchToSpace> match) {
    var conv = match.soleProducer(0, Conv.class).orElse(null);
    if (conv == null || !(conv.op() instanceof Conv op))
      return leave("input 0 is no Conv of its own");
    var toBatch = conv.producer(0, SpaceToBatch.class).filter(match::isSolelyUsed).orElse(null);
    if (toBatch == null) return leave("the Conv does not work on blocks");
    if (!isStored(toBatch) || !isStored(match.node())) return leave("blocks are stored otherwise");
    int axes = op.strides().size();
    var ones = Collections.nCopies(axes, 1);
    boolean plain =
        op.strides().equals(ones)
            && op.dilations().equals(ones)
            && op.layout() == Layout.CHANNELS_LAST
            && op.padding().equals(Padding.none(axes));
    if (!plain) return leave("the Conv has strides, dilations or padding, or is channels-first");
    var block = toBatch.input(1).constant().filter(data -> data.size() == axes);
    var back = match.input(1).constant();
    var pads = toBatch.input(2).constant();
    var crops = match.input(2).constant();
    boolean known =
        block.isPresent()
            && pads.isPresent()
            && crops.isPresent()
            && back.filter(data -> sameNumbers(data, block.get())).isPresent();
    if (!known) return leave("blocks, pads or crops are not constant, or differ");
    var padding = padding(pads.get(), crops.get());
    if (padding.isEmpty()) return leave("more is cropped than padded");
    return fused(match, toBatch, conv, op, block.get(), padding.get());
  }

  private static Outcome fused(
      Match<BatchToSpace> match,
      Node toBatch,
      Node conv,
      Conv op,
      TensorData block,
      Padding padding) {
    match.absorb(conv);
    match.absorb(toBatch);
    var dilations = new ArrayList<Integer>();
    for (int size : block.ints()) dilations.add(size);
    var dilated = new Conv(op.strides(), dilations, padding, op.groups(), op.layout());
    var inputs = new ArrayList<>(conv.inputs());
    inputs.set(0, toBatch.input(0));
    var value = match.build().add(dilated, inputs);
    Match.carryQuantization(value, match.output().type());
    return match.replaceWith(value);
  }

  private static boolean isStored(Node node) {
    return node.input(0).dtype() == node.output().dtype()
        && node.input(0).type().quantization().equals(node.output().type().quantization());
  }

  private static boolean sameNumbers(TensorData a, TensorData b) {
    return java.util.Arrays.equals(a.longs(), b.longs());
  }

  private static Optional<Padding> padding(TensorData pads, TensorData crops) {
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < pads.size(); i += 2) {
      begins.add((int) (pads.longAt(i) - crops.longAt(i)));
      ends.add((int) (pads.longAt(i + 1) - crops.longAt(i + 1)));
    }
    boolean crop =
        begins.stream().anyMatch(each -> each < 0) || ends.stream().anyMatch(each -> each < 0);
    return crop ? Optional.empty() : Optional.of(new Padding.Explicit(begins, ends));
  }
}
