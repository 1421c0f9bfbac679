/// ONNX models.
@NullMarked
package watari.format.onnx;

import org.jspecify.annotations.NullMarked;
