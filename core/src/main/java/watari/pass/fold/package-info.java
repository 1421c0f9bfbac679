/// Rules that compute at conversion what does not depend on an input.
@NullMarked
package watari.pass.fold;

import org.jspecify.annotations.NullMarked;
