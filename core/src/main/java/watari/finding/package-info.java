/// What is said about a model: findings, and the exception that carries them.
@NullMarked
package watari.finding;

import org.jspecify.annotations.NullMarked;
