package watari.api;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A lock in a temporary folder, which the system takes back when the program ends, however it
/// does.
final class TemporaryLock {
  private static final String NAME = ".lock";
  private static final long YOUNG_MILLIS = 2_000;

  private final Path path;
  private final FileChannel channel;

  private TemporaryLock(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  static TemporaryLock take(Path folder) throws IOException {
    var path = folder.resolve(NAME);
    var channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try {
      channel.tryLock();
    } catch (IOException _) {
      // A file system without locks: what is left in it after a kill stays.
    }
    return new TemporaryLock(path, channel);
  }

  boolean isAt(Path other) {
    return path.equals(other);
  }

  /// Whether whoever made the folder is gone.
  static boolean isAbandoned(Path folder) {
    var path = folder.resolve(NAME);
    if (!Files.isRegularFile(path) || isYoung(path)) return false;
    try (var channel = FileChannel.open(path, StandardOpenOption.WRITE);
        var lock = channel.tryLock()) {
      return lock != null;
    } catch (IOException | OverlappingFileLockException _) {
      return false;
    }
  }

  /// Whether it may have been made, but not locked yet.
  private static boolean isYoung(Path path) {
    long age = System.currentTimeMillis() - path.toFile().lastModified();
    return age < YOUNG_MILLIS;
  }

  void release() {
    try {
      channel.close();
    } catch (IOException _) {
      // The system closes it when the program ends.
    }
  }
}
