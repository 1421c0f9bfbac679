package watari.api;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/// A folder beside the results, from which they are moved into place once they are complete.
///
/// It goes away when closed, and when the program is stopped before; where the program was killed,
/// the next run that writes to the same place takes it away.
final class TemporaryFolder implements AutoCloseable {
  private static final String PREFIX = ".watari-";

  private final TemporaryLock lock;
  private final Path folder;
  private final Path target;
  private final List<Path> made;
  private final Thread hook;

  private TemporaryFolder(Path folder, Path target, List<Path> made) throws IOException {
    this.lock = TemporaryLock.take(folder);
    this.folder = folder;
    this.target = target;
    this.made = made;
    this.hook = new Thread(this::discard);
  }

  /// Makes the folder in `target`, which is made, too, if need be.
  static TemporaryFolder in(Path target) throws IOException {
    var made = createFolders(target);
    try {
      clear(target);
      var folder = create(target);
      var temporary = new TemporaryFolder(folder, target, made);
      Runtime.getRuntime().addShutdownHook(temporary.hook);
      return temporary;
    } catch (IOException e) {
      deleteEmpty(made);
      throw e;
    }
  }

  /// Others may write to the same place at the same time.
  private static Path create(Path target) throws IOException {
    for (long name = System.nanoTime(); ; name++) {
      try {
        return Files.createDirectory(
            target.resolve(PREFIX + Long.toUnsignedString(name, Character.MAX_RADIX)));
      } catch (FileAlreadyExistsException _) {
        // The next name.
      }
    }
  }

  /// Makes the folders on the way to `folder` that are not there; the innermost first.
  private static List<Path> createFolders(Path folder) throws IOException {
    var missing = new ArrayList<Path>();
    var at = folder.toAbsolutePath().normalize();
    while (at != null && !Files.exists(at)) {
      missing.add(at);
      at = at.getParent();
    }
    Files.createDirectories(folder);
    return missing;
  }

  /// Deletes what killed runs left.
  private static void clear(Path target) throws IOException {
    try (var left = Files.newDirectoryStream(target, PREFIX + "*")) {
      for (var folder : left) {
        if (TemporaryLock.isAbandoned(folder)) deleteIfPossible(folder);
      }
    }
  }

  Path path() {
    return folder;
  }

  /// Moves all that was written into place, `main` last, so that a main file never stands beside
  /// parts of another result.
  ///
  /// @param all the paths in place that the result may have; what stands there from a former one
  ///   and was not written this time is deleted
  void publish(Path main, List<Path> all) throws IOException {
    List<Path> others;
    try (var written = Files.list(folder)) {
      others = written.filter(p -> !p.equals(main) && !lock.isAt(p)).sorted().toList();
    }
    var standing = target.resolve(main.getFileName());
    boolean hadParts = all.stream().anyMatch(p -> !p.equals(standing) && Files.exists(p));
    if ((!others.isEmpty() || hadParts) && Files.exists(standing)) deleteTree(standing);
    for (var path : others) move(path);
    for (var path : all) {
      boolean isWritten = others.contains(folder.resolve(path.getFileName()));
      if (!path.equals(standing) && !isWritten && Files.exists(path)) deleteTree(path);
    }
    move(main);
  }

  private void move(Path from) throws IOException {
    var to = target.resolve(from.getFileName());
    if (Files.isDirectory(to)) deleteTree(to);
    Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void close() {
    discard();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // The program is being stopped, and the hook runs.
    }
  }

  private void discard() {
    lock.release();
    deleteIfPossible(folder);
    deleteEmpty(made);
  }

  private static void deleteIfPossible(Path folder) {
    try {
      deleteTree(folder);
    } catch (IOException _) {
      // What cannot be deleted stays; the results are complete or not there all the same.
    }
  }

  private static void deleteEmpty(List<Path> folders) {
    for (var folder : folders) if (!folder.toFile().delete()) return;
  }

  private static void deleteTree(Path root) throws IOException {
    if (!Files.exists(root)) return;
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(
              Path folder, @org.jspecify.annotations.Nullable IOException e) throws IOException {
            if (e != null) throw e;
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
