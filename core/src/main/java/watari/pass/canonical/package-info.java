/// Rules that bring equal graphs to one form.
@NullMarked
package watari.pass.canonical;

import org.jspecify.annotations.NullMarked;
