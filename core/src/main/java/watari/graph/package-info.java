/// Graphs of nodes and values, their builder and their validator.
@NullMarked
package watari.graph;

import org.jspecify.annotations.NullMarked;
