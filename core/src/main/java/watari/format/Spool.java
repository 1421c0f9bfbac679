package watari.format;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;

/// Bytes that come one by one and are needed later: they wait in a file.
public final class Spool implements AutoCloseable {
  /// A piece of what was written.
  public record Piece(long offset, long sizeBytes) {}

  private final Path file;
  private final OutputStream out;
  private long start;
  private long sizeBytes;

  /// @param file is made, and deleted in the end
  public Spool(Path file) throws IOException {
    this.file = file;
    this.out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16);
  }

  /// Appends the lowest eight bits of a number.
  public void write(int octet) {
    try {
      out.write(octet);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    sizeBytes++;
  }

  /// What was written since the last piece.
  public Piece piece() {
    var piece = new Piece(start, sizeBytes - start);
    start = sizeBytes;
    return piece;
  }

  /// All that was written, for as long as `arena` is open; nothing can be written any more.
  public FileBytes bytes(Arena arena) throws IOException {
    out.close();
    return FileBytes.map(file, arena);
  }

  @Override
  public void close() throws IOException {
    out.close();
    Files.deleteIfExists(file);
  }
}
