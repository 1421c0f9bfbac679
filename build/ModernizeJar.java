import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;

/// Rewrites the classes of a jar that are older than Java 6 as Java 8 ones, with stack maps.
///
/// The JVM keeps no older class in its ahead-of-time cache, and picocli's are for Java 5:
/// without this they are read and verified again at every start, 40 of 105 ms.
///
/// Usage: `java ModernizeJar.java JAR`; the jar is replaced.
final class ModernizeJar {
  private static final int JAVA_6 = 50;
  private static final int JAVA_8 = 52;

  private ModernizeJar() {}

  static void main(String[] args) throws IOException {
    var jar = Path.of(args[0]);
    var next = Path.of(args[0] + ".next");
    try (var in = new JarFile(jar.toFile());
        var loader = new URLClassLoader(new URL[] {jar.toUri().toURL()});
        var out = new JarOutputStream(Files.newOutputStream(next))) {
      var classFile =
          ClassFile.of(
              ClassFile.ClassHierarchyResolverOption.of(
                  ClassHierarchyResolver.ofClassLoading(loader)),
              ClassFile.StackMapsOption.GENERATE_STACK_MAPS);
      for (var entry : in.stream().toList()) {
        var bytes = in.getInputStream(entry).readAllBytes();
        var copy = new JarEntry(entry.getName());
        copy.setTime(entry.getTime());
        out.putNextEntry(copy);
        out.write(entry.getName().endsWith(".class") ? modern(classFile, bytes) : bytes);
        out.closeEntry();
      }
    }
    Files.move(next, jar, StandardCopyOption.REPLACE_EXISTING);
  }

  private static byte[] modern(ClassFile classFile, byte[] bytes) {
    var model = classFile.parse(bytes);
    if (model.majorVersion() >= JAVA_6) return bytes;
    var raise =
        (ClassTransform)
            (builder, element) -> {
              if (element instanceof ClassFileVersion) builder.withVersion(JAVA_8, 0);
              else builder.with(element);
            };
    // Bodies are rewritten one by one: a body that is only copied gets no stack map.
    return classFile.transformClass(
        model, raise.andThen(ClassTransform.transformingMethodBodies(CodeBuilder::with)));
  }
}
