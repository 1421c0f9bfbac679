/// What every format shares: readers, writers, target profiles, operator tables.
@NullMarked
package watari.format;

import org.jspecify.annotations.NullMarked;
