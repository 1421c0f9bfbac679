/// The rules that make a graph writable as TFLite.
@NullMarked
package watari.format.tflite.legalize;

import org.jspecify.annotations.NullMarked;
