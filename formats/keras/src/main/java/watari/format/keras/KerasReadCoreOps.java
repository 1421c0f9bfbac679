package watari.format.keras;

import java.util.List;
import watari.format.keras.KerasVariable.Role;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.IndexOp.Gather;
import watari.op.MatMulOp.Einsum;
import watari.op.MatMulOp.FullyConnected;
import watari.op.ReduceOp.Reduce;
import watari.tensor.DataType;

/// Products with a matrix, functions of each element, and what only trains.
final class KerasReadCoreOps {
  private KerasReadCoreOps() {}

  static void register(KerasReadOps.Table table) {
    table
        .on("Dense", KerasRoles::kernelAndBias, KerasReadCoreOps::dense)
        .on("EinsumDense", KerasReadCoreOps::einsumRoles, KerasReadCoreOps::einsumDense)
        .on("Embedding", _ -> KerasRoles.of("embeddings"), KerasReadCoreOps::embedding)
        .on("Masking", KerasReadCoreOps::masking);
    for (var name :
        List.of(
            "Identity",
            "Dropout",
            "SpatialDropout1D",
            "SpatialDropout2D",
            "SpatialDropout3D",
            "AlphaDropout",
            "GaussianDropout",
            "GaussianNoise",
            "ActivityRegularization")) {
      table.on(name, KerasReadCoreOps::identity);
    }
  }

  /// The last axis times `kernel` (`[I, O]`).
  private static void dense(KerasCall call) {
    var weights = call.constant("kernel", call.data("kernel").transposed(List.of(1, 0)));
    var bias = call.hasWeight("bias") ? call.weight("bias") : Value.ABSENT;
    KerasActivations.give(
        call, new FullyConnected(), call.formula().cast(call.in(), call.dtype()), weights, bias);
  }

  // ---- Einstein's summation

  private static List<Role> einsumRoles(KerasLayer layer) {
    return layer.config().has("bias_axes")
        ? KerasRoles.of("kernel", "bias")
        : KerasRoles.of("kernel");
  }

  private static void einsumDense(KerasCall call) {
    var equation = call.config().text("equation").replace(" ", "");
    var kernel = call.data("kernel");
    var product =
        call.formula().op(new Einsum(equation), call.in(), call.constant("kernel", kernel));
    if (call.hasWeight("bias")) {
      product = call.formula().add(product, call.weight("bias"));
    }
    KerasActivations.give(call, product);
  }

  // ---- tokens

  /// The rows of a table; index 0 may stand for nothing, and is masked then.
  private static void embedding(KerasCall call) {
    var f = call.formula();
    var indices = call.in();
    var given = indices.dtype().isInteger() ? indices : f.cast(indices, DataType.INT32);
    call.give(new Gather(0, 0), call.weight("embeddings"), given);
    if (call.config().flag("mask_zero", false)) {
      call.setMask(f.binary(Binary.Kind.NOT_EQUAL, given, f.scalar(given, 0)));
    }
  }

  /// Steps all of whose elements are the mask value become 0, and do not count further on.
  private static void masking(KerasCall call) {
    var f = call.formula();
    var x = call.in();
    int rank = call.rank();
    var value = f.scalar(x, call.config().real("mask_value", 0));
    var differs = f.binary(Binary.Kind.NOT_EQUAL, x, value);
    var counts = f.op(new Reduce(Reduce.Kind.ANY, true), differs, f.vector(rank - 1));
    call.give(f.mul(x, f.cast(counts, x.dtype())));
    call.setMask(f.squeeze(counts, rank - 1));
  }

  private static void identity(KerasCall call) {
    call.give(call.in());
  }
}
