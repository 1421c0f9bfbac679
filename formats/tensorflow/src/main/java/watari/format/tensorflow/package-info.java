/// Models of TensorFlow: frozen graphs, SavedModels and graph models of TensorFlow.js.
///
/// Specification: the protobuf records of TensorFlow 2.21 (`src/main/protobuf/tensorflow.proto` is
/// our schema) and the operators that it registers (`operators.txt`, made by
/// `schema/operators.py`).
///
/// [watari.format.tensorflow.TensorflowNodes] brings the nodes of a graph and of a function to one
/// form. [watari.format.tensorflow.TensorflowReadGraph] reads those nodes that wanted tensors
/// depend on, in the order of the file; the tables `TensorflowRead…Ops` say what operators mean.
///
/// Not supported: training, datasets, tables, text, and everything that keeps something between
/// calls; such nodes are left out where no output needs them, else refused by name.
@NullMarked
package watari.format.tensorflow;

import org.jspecify.annotations.NullMarked;
