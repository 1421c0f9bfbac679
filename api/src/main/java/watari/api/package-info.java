/// The face for programs: read, convert, quantize, verify.
@NullMarked
package watari.api;

import org.jspecify.annotations.NullMarked;
