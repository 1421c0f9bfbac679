/// The commands: parse arguments, call the API, print.
@NullMarked
package watari.cli;

import org.jspecify.annotations.NullMarked;
