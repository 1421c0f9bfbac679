/// Replacements that only a user can ask for: what a device wants in place of an operator.
@NullMarked
package watari.pass.request;

import org.jspecify.annotations.NullMarked;
