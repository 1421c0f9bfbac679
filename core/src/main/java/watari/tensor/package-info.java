/// Data types, shapes, layouts, quantization and the data of tensors.
@NullMarked
package watari.tensor;

import org.jspecify.annotations.NullMarked;
