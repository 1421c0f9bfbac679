/// Runs models on official runtimes: load, run, tap tensors.
@NullMarked
package watari.engine;

import org.jspecify.annotations.NullMarked;
