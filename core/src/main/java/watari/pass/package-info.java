/// The pipelines: lists of the passes and rules of the packages below this one.
@NullMarked
package watari.pass;

import org.jspecify.annotations.NullMarked;
