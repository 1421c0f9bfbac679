/// The choice of layouts, and the only place that inserts a Transpose for them.
@NullMarked
package watari.pass.layout;

import org.jspecify.annotations.NullMarked;
