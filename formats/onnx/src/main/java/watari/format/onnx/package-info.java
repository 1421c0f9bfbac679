/// ONNX models.
///
/// Specification: ONNX 1.23, IR versions up to 14. `src/main/protobuf/onnx.proto` is our schema.
///
/// The wire: [watari.format.onnx.OnnxFile] maps a file and gives its records and, for each
/// TensorProto, a view of its elements, whichever field or file they are in.
/// [watari.format.onnx.OnnxOutput] takes tensors and writes a model in one file, or in two.
///
/// Not supported: training information and device configurations, which are kept as unknown fields
/// and so are not in the JSON form; the element types FLOAT6E2M3 and FLOAT6E3M2; tensors that have
/// their elements in several fields or segments; groups on the wire, which nobody writes.
@NullMarked
package watari.format.onnx;

import org.jspecify.annotations.NullMarked;
