/// OpenVINO's intermediate representation (IR): an XML file of layers and edges, and a file of
/// weights beside it.
///
/// Specification: OpenVINO 2026.4, IR versions 10 and 11, operator sets 1 to 16.
///
/// [watari.format.openvino.OpenvinoFile] holds the records of the XML,
/// [watari.format.openvino.OpenvinoXml] reads them, [watari.format.openvino.OpenvinoWeights] gives
/// the constants as views of the mapped file of weights.
///
/// What a file says of itself is in the model's metadata: each text of the net's `rt_info` is a
/// property under its path (`openvino.model_info.labels`), and the layouts of inputs and outputs
/// are properties `openvino.layout.NAME`.
///
/// Not supported: IR before version 10; the element types nf4, u3, u6 and f4e2m1 in computations.
@NullMarked
package watari.format.openvino;

import org.jspecify.annotations.NullMarked;
