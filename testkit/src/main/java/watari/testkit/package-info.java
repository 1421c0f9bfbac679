/// Operator cases, assertions and seeded generators for tests.
@NullMarked
package watari.testkit;

import org.jspecify.annotations.NullMarked;
