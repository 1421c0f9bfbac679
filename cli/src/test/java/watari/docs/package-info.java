/// The documentation says what the program does.
@NullMarked
package watari.docs;

import org.jspecify.annotations.NullMarked;
