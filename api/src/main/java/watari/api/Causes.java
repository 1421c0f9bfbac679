package watari.api;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import watari.finding.Finding;

/// Findings for what goes wrong outside of models.
public final class Causes {
  private Causes() {}

  /// What went wrong with a file.
  public static Finding of(IOException e) {
    return switch (e) {
      case NoSuchFileException missing when missing.getReason() == null ->
          Finding.error("FILE_NOT_FOUND", "there is no '" + missing.getFile() + "'");
      case AccessDeniedException denied ->
          Finding.error("ACCESS_DENIED", "'" + denied.getFile() + "' may not be read or written")
              .fix("check its permissions, or choose another folder with -o");
      case FileAlreadyExistsException other ->
          Finding.error("NOT_A_FOLDER", "'" + other.getFile() + "' is a file, not a folder");
      case NotDirectoryException other ->
          Finding.error("NOT_A_FOLDER", "'" + other.getFile() + "' is a file, not a folder");
      default -> Finding.error("IO_FAILED", reason(e));
    };
  }

  private static String reason(IOException e) {
    var reason =
        e instanceof FileSystemException f && f.getReason() != null
            ? f.getReason() + " ('" + f.getFile() + "')"
            : String.valueOf(e.getMessage());
    return "reading or writing failed: " + reason;
  }

  static Finding outOfMemory() {
    return Finding.error("OUT_OF_MEMORY", "the Java heap is too small for this model")
        .fix("give it more with WATARI_JAVA_OPTS=-Xmx4g");
  }

  static Finding defect(Throwable e) {
    return Finding.error("INTERNAL", "a defect of watari: " + e)
        .fix("please report this with the stack trace and, if you may, the model");
  }
}
