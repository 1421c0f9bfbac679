/// Wrong conversions are found, and the node that is wrong is named.
@NullMarked
package watari.faults;

import org.jspecify.annotations.NullMarked;
