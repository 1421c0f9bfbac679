/// Replacements that a user asks for by name.
@NullMarked
package watari.pass.replace;

import org.jspecify.annotations.NullMarked;
