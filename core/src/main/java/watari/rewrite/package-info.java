/// The engine of rewriting, which knows no operator by name.
@NullMarked
package watari.rewrite;

import org.jspecify.annotations.NullMarked;
