/// Passes that change how numbers are stored, and not which numbers they are.
@NullMarked
package watari.pass.storage;

import org.jspecify.annotations.NullMarked;
