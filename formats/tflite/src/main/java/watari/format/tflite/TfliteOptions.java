package watari.format.tflite;

import com.google.flatbuffers.FlatBufferBuilder;
import java.util.List;
import java.util.function.ToIntFunction;
import watari.format.tflite.schema.AddOptions;
import watari.format.tflite.schema.ArgMaxOptions;
import watari.format.tflite.schema.ArgMinOptions;
import watari.format.tflite.schema.BatchMatMulOptions;
import watari.format.tflite.schema.BidirectionalSequenceLSTMOptions;
import watari.format.tflite.schema.BidirectionalSequenceRNNOptions;
import watari.format.tflite.schema.BuiltinOptions;
import watari.format.tflite.schema.CallOnceOptions;
import watari.format.tflite.schema.CastOptions;
import watari.format.tflite.schema.ConcatenationOptions;
import watari.format.tflite.schema.Conv2DOptions;
import watari.format.tflite.schema.Conv3DOptions;
import watari.format.tflite.schema.CumsumOptions;
import watari.format.tflite.schema.DepthToSpaceOptions;
import watari.format.tflite.schema.DepthwiseConv2DOptions;
import watari.format.tflite.schema.DivOptions;
import watari.format.tflite.schema.FakeQuantOptions;
import watari.format.tflite.schema.FullyConnectedOptions;
import watari.format.tflite.schema.GatherOptions;
import watari.format.tflite.schema.GeluOptions;
import watari.format.tflite.schema.IfOptions;
import watari.format.tflite.schema.L2NormOptions;
import watari.format.tflite.schema.LSTMKernelType;
import watari.format.tflite.schema.LSTMOptions;
import watari.format.tflite.schema.LeakyReluOptions;
import watari.format.tflite.schema.LocalResponseNormalizationOptions;
import watari.format.tflite.schema.MirrorPadOptions;
import watari.format.tflite.schema.MulOptions;
import watari.format.tflite.schema.OneHotOptions;
import watari.format.tflite.schema.PackOptions;
import watari.format.tflite.schema.Pool2DOptions;
import watari.format.tflite.schema.RNNOptions;
import watari.format.tflite.schema.ReducerOptions;
import watari.format.tflite.schema.ReshapeOptions;
import watari.format.tflite.schema.ResizeBilinearOptions;
import watari.format.tflite.schema.ResizeNearestNeighborOptions;
import watari.format.tflite.schema.ReverseSequenceOptions;
import watari.format.tflite.schema.SVDFOptions;
import watari.format.tflite.schema.SequenceRNNOptions;
import watari.format.tflite.schema.ShapeOptions;
import watari.format.tflite.schema.SoftmaxOptions;
import watari.format.tflite.schema.SpaceToDepthOptions;
import watari.format.tflite.schema.SplitOptions;
import watari.format.tflite.schema.SplitVOptions;
import watari.format.tflite.schema.SqueezeOptions;
import watari.format.tflite.schema.StridedSliceOptions;
import watari.format.tflite.schema.SubOptions;
import watari.format.tflite.schema.TransposeConvOptions;
import watari.format.tflite.schema.UnidirectionalSequenceLSTMOptions;
import watari.format.tflite.schema.UniqueOptions;
import watari.format.tflite.schema.VarHandleOptions;
import watari.format.tflite.schema.WhileOptions;

/// The options record of an operator, built when the file is.
///
/// @param type which record, a constant of `BuiltinOptions` or `BuiltinOptions2`
/// @param isSecond whether it is of the second union
record TfliteOptions(byte type, boolean isSecond, ToIntFunction<FlatBufferBuilder> build) {
  static final TfliteOptions NONE = new TfliteOptions(BuiltinOptions.NONE, false, b -> 0);

  static TfliteOptions of(byte type, ToIntFunction<FlatBufferBuilder> build) {
    return new TfliteOptions(type, false, build);
  }

  static TfliteOptions add(byte activation) {
    return of(BuiltinOptions.AddOptions, b -> AddOptions.createAddOptions(b, activation, false));
  }

  static TfliteOptions sub(byte activation) {
    return of(BuiltinOptions.SubOptions, b -> SubOptions.createSubOptions(b, activation, false));
  }

  static TfliteOptions mul(byte activation) {
    return of(BuiltinOptions.MulOptions, b -> MulOptions.createMulOptions(b, activation));
  }

  static TfliteOptions div(byte activation) {
    return of(BuiltinOptions.DivOptions, b -> DivOptions.createDivOptions(b, activation));
  }

  static TfliteOptions cast(byte from, byte to) {
    return of(BuiltinOptions.CastOptions, b -> CastOptions.createCastOptions(b, from, to));
  }

  static TfliteOptions reshape(int[] shape) {
    return of(
        BuiltinOptions.ReshapeOptions,
        b -> ReshapeOptions.createReshapeOptions(b, ReshapeOptions.createNewShapeVector(b, shape)));
  }

  static TfliteOptions squeeze(int[] axes) {
    return of(
        BuiltinOptions.SqueezeOptions,
        b ->
            SqueezeOptions.createSqueezeOptions(
                b, SqueezeOptions.createSqueezeDimsVector(b, axes)));
  }

  static TfliteOptions softmax() {
    return of(BuiltinOptions.SoftmaxOptions, b -> SoftmaxOptions.createSoftmaxOptions(b, 1));
  }

  static TfliteOptions concatenation(int axis) {
    return of(
        BuiltinOptions.ConcatenationOptions,
        b -> ConcatenationOptions.createConcatenationOptions(b, axis, (byte) 0));
  }

  static TfliteOptions pack(int count, int axis) {
    return of(BuiltinOptions.PackOptions, b -> PackOptions.createPackOptions(b, count, axis));
  }

  static TfliteOptions split(int count) {
    return of(BuiltinOptions.SplitOptions, b -> SplitOptions.createSplitOptions(b, count));
  }

  static TfliteOptions splitV(int count) {
    return of(BuiltinOptions.SplitVOptions, b -> SplitVOptions.createSplitVOptions(b, count));
  }

  static TfliteOptions gather(int axis, int batchDims) {
    return of(
        BuiltinOptions.GatherOptions, b -> GatherOptions.createGatherOptions(b, axis, batchDims));
  }

  static TfliteOptions gelu(boolean approximate) {
    return of(BuiltinOptions.GeluOptions, b -> GeluOptions.createGeluOptions(b, approximate));
  }

  static TfliteOptions fakeQuant(float min, float max, int bits) {
    return of(
        BuiltinOptions.FakeQuantOptions,
        b -> FakeQuantOptions.createFakeQuantOptions(b, min, max, bits, false));
  }

  static TfliteOptions leakyRelu(float alpha) {
    return of(
        BuiltinOptions.LeakyReluOptions, b -> LeakyReluOptions.createLeakyReluOptions(b, alpha));
  }

  static TfliteOptions reducer(boolean keepDims) {
    return of(BuiltinOptions.ReducerOptions, b -> ReducerOptions.createReducerOptions(b, keepDims));
  }

  static TfliteOptions argMax(byte to) {
    return of(BuiltinOptions.ArgMaxOptions, b -> ArgMaxOptions.createArgMaxOptions(b, to));
  }

  static TfliteOptions argMin(byte to) {
    return of(BuiltinOptions.ArgMinOptions, b -> ArgMinOptions.createArgMinOptions(b, to));
  }

  static TfliteOptions cumsum(boolean exclusive, boolean reverse) {
    return of(
        BuiltinOptions.CumsumOptions,
        b -> CumsumOptions.createCumsumOptions(b, exclusive, reverse));
  }

  static TfliteOptions oneHot(int axis) {
    return of(BuiltinOptions.OneHotOptions, b -> OneHotOptions.createOneHotOptions(b, axis));
  }

  static TfliteOptions unique(byte to) {
    return of(BuiltinOptions.UniqueOptions, b -> UniqueOptions.createUniqueOptions(b, to));
  }

  static TfliteOptions shape(byte to) {
    return of(BuiltinOptions.ShapeOptions, b -> ShapeOptions.createShapeOptions(b, to));
  }

  static TfliteOptions mirrorPad(byte mode) {
    return of(
        BuiltinOptions.MirrorPadOptions, b -> MirrorPadOptions.createMirrorPadOptions(b, mode));
  }

  static TfliteOptions reverseSequence(int timeAxis, int batchAxis) {
    return of(
        BuiltinOptions.ReverseSequenceOptions,
        b -> ReverseSequenceOptions.createReverseSequenceOptions(b, timeAxis, batchAxis));
  }

  static TfliteOptions stridedSlice(int beginMask, int endMask) {
    return of(
        BuiltinOptions.StridedSliceOptions,
        b -> StridedSliceOptions.createStridedSliceOptions(b, beginMask, endMask, 0, 0, 0, false));
  }

  static TfliteOptions depthToSpace(int block) {
    return of(
        BuiltinOptions.DepthToSpaceOptions,
        b -> DepthToSpaceOptions.createDepthToSpaceOptions(b, block));
  }

  static TfliteOptions spaceToDepth(int block) {
    return of(
        BuiltinOptions.SpaceToDepthOptions,
        b -> SpaceToDepthOptions.createSpaceToDepthOptions(b, block));
  }

  static TfliteOptions batchMatMul(boolean transposeA, boolean transposeB) {
    return of(
        BuiltinOptions.BatchMatMulOptions,
        b -> BatchMatMulOptions.createBatchMatMulOptions(b, transposeA, transposeB, false));
  }

  static TfliteOptions fullyConnected(byte activation, boolean keepDims, byte biasType) {
    return of(
        BuiltinOptions.FullyConnectedOptions,
        b ->
            FullyConnectedOptions.createFullyConnectedOptions(
                b, activation, (byte) 0, keepDims, false, biasType, 0));
  }

  static TfliteOptions conv2d(
      byte padding, List<Integer> strides, List<Integer> dilations, byte activation, byte bias) {
    return of(
        BuiltinOptions.Conv2DOptions,
        b ->
            Conv2DOptions.createConv2DOptions(
                b,
                padding,
                strides.get(1),
                strides.get(0),
                activation,
                dilations.get(1),
                dilations.get(0),
                bias));
  }

  static TfliteOptions depthwiseConv2d(
      byte padding,
      List<Integer> strides,
      List<Integer> dilations,
      int multiplier,
      byte activation) {
    return of(
        BuiltinOptions.DepthwiseConv2DOptions,
        b ->
            DepthwiseConv2DOptions.createDepthwiseConv2DOptions(
                b,
                padding,
                strides.get(1),
                strides.get(0),
                multiplier,
                activation,
                dilations.get(1),
                dilations.get(0)));
  }

  static TfliteOptions conv3d(
      byte padding, List<Integer> strides, List<Integer> dilations, byte activation) {
    return of(
        BuiltinOptions.Conv3DOptions,
        b ->
            Conv3DOptions.createConv3DOptions(
                b,
                padding,
                strides.get(0),
                strides.get(2),
                strides.get(1),
                activation,
                dilations.get(0),
                dilations.get(2),
                dilations.get(1)));
  }

  static TfliteOptions transposeConv(
      byte padding, List<Integer> strides, byte activation, byte bias) {
    return of(
        BuiltinOptions.TransposeConvOptions,
        b ->
            TransposeConvOptions.createTransposeConvOptions(
                b, padding, strides.get(1), strides.get(0), activation, bias));
  }

  static TfliteOptions pool2d(
      byte padding, List<Integer> strides, List<Integer> kernel, byte activation) {
    return of(
        BuiltinOptions.Pool2DOptions,
        b ->
            Pool2DOptions.createPool2DOptions(
                b,
                padding,
                strides.get(1),
                strides.get(0),
                kernel.get(1),
                kernel.get(0),
                activation));
  }

  static TfliteOptions l2Norm() {
    return of(BuiltinOptions.L2NormOptions, b -> L2NormOptions.createL2NormOptions(b, (byte) 0));
  }

  static TfliteOptions localResponseNormalization(int radius, float bias, float alpha, float beta) {
    return of(
        BuiltinOptions.LocalResponseNormalizationOptions,
        b ->
            LocalResponseNormalizationOptions.createLocalResponseNormalizationOptions(
                b, radius, bias, alpha, beta));
  }

  static TfliteOptions resizeBilinear(boolean alignCorners, boolean halfPixel) {
    return of(
        BuiltinOptions.ResizeBilinearOptions,
        b -> ResizeBilinearOptions.createResizeBilinearOptions(b, alignCorners, halfPixel));
  }

  static TfliteOptions resizeNearest(boolean alignCorners, boolean halfPixel) {
    return of(
        BuiltinOptions.ResizeNearestNeighborOptions,
        b ->
            ResizeNearestNeighborOptions.createResizeNearestNeighborOptions(
                b, alignCorners, halfPixel));
  }

  static TfliteOptions lstm(
      byte activation, float cellClip, float projectionClip, boolean asymmetric) {
    return of(
        BuiltinOptions.LSTMOptions,
        b ->
            LSTMOptions.createLSTMOptions(
                b, activation, cellClip, projectionClip, LSTMKernelType.FULL, asymmetric));
  }

  static TfliteOptions sequenceLstm(
      byte activation,
      float cellClip,
      float projectionClip,
      boolean timeMajor,
      boolean asymmetric) {
    return of(
        BuiltinOptions.UnidirectionalSequenceLSTMOptions,
        b ->
            UnidirectionalSequenceLSTMOptions.createUnidirectionalSequenceLSTMOptions(
                b, activation, cellClip, projectionClip, timeMajor, asymmetric, false));
  }

  static TfliteOptions bidirectionalLstm(
      byte activation,
      float cellClip,
      float projectionClip,
      boolean merged,
      boolean timeMajor,
      boolean asymmetric) {
    return of(
        BuiltinOptions.BidirectionalSequenceLSTMOptions,
        b ->
            BidirectionalSequenceLSTMOptions.createBidirectionalSequenceLSTMOptions(
                b, activation, cellClip, projectionClip, merged, timeMajor, asymmetric));
  }

  static TfliteOptions rnn(byte activation, boolean asymmetric) {
    return of(
        BuiltinOptions.RNNOptions, b -> RNNOptions.createRNNOptions(b, activation, asymmetric));
  }

  static TfliteOptions sequenceRnn(boolean timeMajor, byte activation, boolean asymmetric) {
    return of(
        BuiltinOptions.SequenceRNNOptions,
        b -> SequenceRNNOptions.createSequenceRNNOptions(b, timeMajor, activation, asymmetric));
  }

  static TfliteOptions bidirectionalRnn(
      boolean timeMajor, byte activation, boolean merged, boolean asymmetric) {
    return of(
        BuiltinOptions.BidirectionalSequenceRNNOptions,
        b ->
            BidirectionalSequenceRNNOptions.createBidirectionalSequenceRNNOptions(
                b, timeMajor, activation, merged, asymmetric));
  }

  static TfliteOptions svdf(int rank, byte activation, boolean asymmetric) {
    return of(
        BuiltinOptions.SVDFOptions,
        b -> SVDFOptions.createSVDFOptions(b, rank, activation, asymmetric));
  }

  static TfliteOptions whileLoop(int condition, int body) {
    return of(
        BuiltinOptions.WhileOptions, b -> WhileOptions.createWhileOptions(b, condition, body));
  }

  static TfliteOptions ifElse(int then, int otherwise) {
    return of(BuiltinOptions.IfOptions, b -> IfOptions.createIfOptions(b, then, otherwise));
  }

  static TfliteOptions callOnce(int subgraph) {
    return of(
        BuiltinOptions.CallOnceOptions, b -> CallOnceOptions.createCallOnceOptions(b, subgraph));
  }

  static TfliteOptions varHandle(String name) {
    return of(
        BuiltinOptions.VarHandleOptions,
        b -> {
          int container = b.createString("");
          return VarHandleOptions.createVarHandleOptions(b, container, b.createString(name));
        });
  }
}
