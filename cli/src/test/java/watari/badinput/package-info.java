/// Broken and hostile files: what is not a model ends in one clear finding, soon, and in little
/// memory.
@NullMarked
package watari.badinput;

import org.jspecify.annotations.NullMarked;
