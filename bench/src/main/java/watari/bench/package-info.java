/// Benchmarks.
@NullMarked
package watari.bench;

import org.jspecify.annotations.NullMarked;
