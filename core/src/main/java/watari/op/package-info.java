/// The operators: what each computes, its parameters, and the types of its outputs.
@NullMarked
package watari.op;

import org.jspecify.annotations.NullMarked;
