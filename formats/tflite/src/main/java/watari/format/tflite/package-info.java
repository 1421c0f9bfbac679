/// TFLite models.
@NullMarked
package watari.format.tflite;

import org.jspecify.annotations.NullMarked;
