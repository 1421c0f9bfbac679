/// Plain, correct kernels for folding shape arithmetic and small constants.
@NullMarked
package watari.eval;

import org.jspecify.annotations.NullMarked;
