/// Calibration and the choice of scales and zero points.
@NullMarked
package watari.quant;

import org.jspecify.annotations.NullMarked;
