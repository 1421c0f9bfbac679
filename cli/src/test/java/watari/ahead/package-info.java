/// The build's step before the ahead-of-time cache.
@NullMarked
package watari.ahead;

import org.jspecify.annotations.NullMarked;
