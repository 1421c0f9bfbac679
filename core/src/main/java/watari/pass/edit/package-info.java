/// Passes that a user asks for: other shapes, other ends, another life of state.
@NullMarked
package watari.pass.edit;

import org.jspecify.annotations.NullMarked;
