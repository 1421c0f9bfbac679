package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import watari.format.ReadTable;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Range;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ReverseSequence;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Size;
import watari.op.ShapeOp.SpaceToDepth;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Trilu;
import watari.op.ShapeOp.Unsqueeze;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators that speak of shapes, and constants.
final class OnnxReadShapeOps {
  private OnnxReadShapeOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("Reshape", n -> n.give(new Reshape(false), n.in(0), n.vector(n.longs("shape"))))
        .on("Reshape", 5, n -> reshape(n))
        .on("Flatten", n -> n.give(new Flatten(n.integer("axis", 1)), n.in(0)))
        .on("Transpose", OnnxReadShapeOps::transpose)
        .on("Concat", n -> n.give(new Concat(n.integer("axis", 1)), n.inputs()))
        .on("Split", OnnxReadShapeOps::splitByAttribute)
        .on("Split", 13, OnnxReadShapeOps::splitByInput)
        .on("Squeeze", OnnxReadShapeOps::squeezeByAttribute)
        .on("Squeeze", 13, OnnxReadShapeOps::squeezeByInput)
        .on("Unsqueeze", n -> n.give(new Unsqueeze(), n.in(0), n.vector(n.integers("axes"))))
        .on("Unsqueeze", 13, n -> n.give(new Unsqueeze(), n.in(0), n.in(1)))
        .on("Expand", n -> n.give(new Expand(), n.in(0), n.in(1)))
        .on("Tile", 6, n -> n.give(new Tile(), n.in(0), n.in(1)))
        .on("Shape", OnnxReadShapeOps::shape)
        .on("Size", n -> n.give(new Size(DataType.INT64), n.in(0)))
        .on("Range", OnnxReadShapeOps::range)
        .on("ReverseSequence", OnnxReadShapeOps::reverseSequence)
        .on("DepthToSpace", OnnxReadShapeOps::depthToSpace)
        .on("SpaceToDepth", OnnxReadShapeOps::spaceToDepth)
        .on("Trilu", OnnxReadShapeOps::trilu)
        .on("EyeLike", OnnxReadShapeOps::eyeLike)
        .on("Constant", OnnxReadShapeOps::constant)
        .on("ConstantOfShape", OnnxReadShapeOps::constantOfShape)
        .on("Dropout", OnnxReadShapeOps::dropoutByAttribute)
        .on("Dropout", 7, OnnxReadShapeOps::dropout)
        .on("Dropout", 12, OnnxReadShapeOps::dropoutByInput);
  }

  private static void reshape(OnnxReadNode n) {
    n.give(new Reshape(n.flag("allowzero", false)), n.in(0), n.in(1));
  }

  private static void transpose(OnnxReadNode n) {
    var perm = n.integers("perm");
    if (!n.hasAttribute("perm")) {
      int rank = n.rank(0);
      perm = IntStream.range(0, rank).map(i -> rank - 1 - i).boxed().toList();
    }
    n.give(new Transpose(perm), n.in(0));
  }

  private static void splitByAttribute(OnnxReadNode n) {
    var op = new Split(n.integer("axis", 0));
    var sizes = n.integers("split");
    if (sizes.isEmpty() && n.has(1)) n.give(op, n.in(0), n.in(1));
    else if (sizes.isEmpty()) n.give(op, n.in(0));
    else n.give(op, n.in(0), n.vector(sizes));
  }

  private static void splitByInput(OnnxReadNode n) {
    var op = new Split(n.integer("axis", 0));
    int parts = n.integer("num_outputs", n.proto().getOutputCount());
    if (parts != n.proto().getOutputCount()) {
      throw OnnxRefusal.broken(
          "attribute 'num_outputs' is " + parts + ", but it has " + n.proto().getOutputCount());
    }
    var inputs = n.has(1) ? List.of(n.in(0), n.in(1)) : List.of(n.in(0));
    n.give(op, inputs, parts, List.of());
  }

  private static void squeezeByAttribute(OnnxReadNode n) {
    if (n.hasAttribute("axes")) n.give(new Squeeze(), n.in(0), n.vector(n.integers("axes")));
    else n.give(new Squeeze(), n.in(0));
  }

  private static void squeezeByInput(OnnxReadNode n) {
    if (n.has(1)) n.give(new Squeeze(), n.in(0), n.in(1));
    else n.give(new Squeeze(), n.in(0));
  }

  private static void shape(OnnxReadNode n) {
    int end = n.integer("end", Integer.MAX_VALUE);
    n.give(new ShapeOf(n.integer("start", 0), end, DataType.INT64), n.in(0));
  }

  private static void range(OnnxReadNode n) {
    n.give(new Range(), scalar(n, 0), scalar(n, 1), scalar(n, 2));
  }

  /// Some exporters give vectors of one element.
  private static watari.graph.Value scalar(OnnxReadNode n, int i) {
    return n.shape(i).hasRank(1) ? n.squeeze(n.in(i), 0) : n.in(i);
  }

  private static void reverseSequence(OnnxReadNode n) {
    n.give(
        new ReverseSequence(n.integer("batch_axis", 1), n.integer("time_axis", 0)),
        n.in(0),
        n.in(1));
  }

  private static void depthToSpace(OnnxReadNode n) {
    boolean isCrd = n.text("mode", "DCR").equals("CRD");
    n.give(new DepthToSpace(n.integer("blocksize", 0), isCrd, Layout.CHANNELS_FIRST), n.in(0));
  }

  /// Mode CRD has the channels outermost: block cells are then moved from inside to outside.
  private static void spaceToDepth(OnnxReadNode n) {
    int block = n.integer("blocksize", 0);
    var op = new SpaceToDepth(block, Layout.CHANNELS_FIRST);
    if (!n.text("mode", "DCR").equals("CRD")) {
      n.give(op, n.in(0));
      return;
    }
    var moved = n.add(op, n.in(0));
    var shape = n.shapeOf(moved);
    var cells = n.vector((long) block * block);
    var split =
        n.reshape(
            moved, n.concat(0, n.dim(moved, 0), cells, n.dim(n.in(0), 1), n.slice(shape, 0, 2, 4)));
    n.give(new Reshape(false), n.transpose(split, 0, 2, 1, 3, 4), shape);
  }

  private static void trilu(OnnxReadNode n) {
    var op = new Trilu(n.flag("upper", true));
    if (n.has(1)) n.give(op, n.in(0), n.in(1));
    else n.give(op, n.in(0));
  }

  /// Row `i` and column `j` of the diagonal are where `i + k = j`.
  private static void eyeLike(OnnxReadNode n) {
    var x = n.in(0);
    var rows = n.range(n.squeeze(n.dim(x, 0), 0));
    var columns = n.range(n.squeeze(n.dim(x, 1), 0));
    var diagonal = n.plus(n.unsqueeze(rows, 1), n.scalar(n.integer("k", 0)));
    var eye = n.equal(diagonal, columns);
    n.give(new Cast(n.dtype("dtype", x.dtype())), eye);
  }

  private static void constant(OnnxReadNode n) {
    if (n.hasAttribute("value")) n.giveConstant(n.tensor("value"));
    else if (n.hasAttribute("sparse_value")) {
      n.giveConstant(n.model().dense(n.attributeProto("sparse_value").getSparseTensor()));
    } else if (n.hasAttribute("value_float")) {
      n.giveConstant(TensorData.scalar(n.real("value_float", 0)));
    } else if (n.hasAttribute("value_int")) {
      n.giveConstant(TensorData.scalar(n.integer("value_int")));
    } else if (n.hasAttribute("value_floats")) {
      var values = n.reals("value_floats");
      var data = new float[values.size()];
      for (int i = 0; i < data.length; i++) data[i] = values.get(i);
      n.giveConstant(TensorData.ofFloats(Shape.of(data.length), data));
    } else if (n.hasAttribute("value_ints")) {
      n.giveConstant(TensorData.vector(n.longs("value_ints")));
    } else {
      strings(n);
    }
  }

  private static void strings(OnnxReadNode n) {
    var values = new ArrayList<byte[]>();
    if (n.hasAttribute("value_string")) {
      values.add(n.attributeProto("value_string").getS().toByteArray());
      n.giveConstant(TensorData.ofStrings(Shape.SCALAR, values));
    } else if (n.hasAttribute("value_strings")) {
      n.attributeProto("value_strings")
          .getStringsList()
          .forEach(each -> values.add(each.toByteArray()));
      n.giveConstant(TensorData.ofStrings(Shape.of(values.size()), values));
    } else {
      throw OnnxRefusal.broken("it has none of the attributes that hold a value");
    }
  }

  private static void constantOfShape(OnnxReadNode n) {
    var value = n.hasAttribute("value") ? n.tensor("value") : TensorData.scalar(0f);
    if (value.size() != 1) {
      throw OnnxRefusal.broken("attribute 'value' has " + value.size() + " elements, expected 1");
    }
    n.give(new Expand(), n.constant(value.reshaped(Shape.SCALAR)), n.in(0));
  }

  private static void dropoutByAttribute(OnnxReadNode n) {
    if (n.flag("is_test", false)) dropout(n);
    else n.customImpure();
  }

  /// Nothing is dropped. The mask says so since opset 12; before, the runtime leaves it empty.
  private static void dropout(OnnxReadNode n) {
    n.give(0, new Identity(), n.in(0));
    if (!n.wants(1)) return;
    var dtype = n.opset() < 10 ? n.dtype(0) : DataType.BOOL;
    var kept = n.scalar(dtype, n.opset() < 12 ? 0 : 1);
    n.give(1, new Expand(), kept, n.shapeOf(n.in(0)));
  }

  private static void dropoutByInput(OnnxReadNode n) {
    boolean isInference = !n.has(2) || n.constant(2).filter(data -> data.isAll(0)).isPresent();
    boolean dropsNone = n.constant(1).filter(data -> data.isAll(0)).isPresent();
    if (isInference || dropsNone) dropout(n);
    else n.customImpure();
  }
}
