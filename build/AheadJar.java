import static java.lang.constant.ConstantDescs.CD_Double;
import static java.lang.constant.ConstantDescs.CD_Float;
import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_boolean;
import static java.lang.constant.ConstantDescs.CD_int;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;

/// Prepares the classes of jars for the JVM's ahead-of-time cache, so that less is done at each
/// start; what they do stays the same.
///
/// - Classes older than Java 6 become Java 8 ones, with stack maps: the cache holds no older ones,
///   and picocli's are for Java 5.
/// - Switches over types, and `equals` and `hashCode` of records, become plain methods. The compiler
///   leaves them to be generated at run time, where they are first used, and the cache of JDK 25
///   does not hold what is generated.
///
/// Usage: `java AheadJar.java JAR...`; the jars are replaced.
final class AheadJar {
  private static final int JAVA_6 = 50;
  private static final int JAVA_8 = 52;
  private static final int ADDED =
      ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC | ClassFile.ACC_SYNTHETIC;
  private static final ClassDesc OBJECTS = ClassDesc.of("java.util.Objects");

  private AheadJar() {}

  static void main(String[] args) throws IOException {
    var jars = new ArrayList<Path>();
    for (var arg : args) jars.add(Path.of(arg));
    try (var loader = new URLClassLoader(urls(jars))) {
      var classFile =
          ClassFile.of(
              ClassFile.ClassHierarchyResolverOption.of(
                  ClassHierarchyResolver.ofClassLoading(loader)),
              ClassFile.StackMapsOption.GENERATE_STACK_MAPS);
      for (var jar : jars) prepare(classFile, jar);
    }
  }

  /// The jars, and all that lies beside them.
  private static URL[] urls(List<Path> jars) throws IOException {
    var urls = new ArrayList<URL>();
    for (var jar : jars) urls.add(url(jar));
    for (var jar : jars) {
      try (var siblings = Files.newDirectoryStream(jar.toAbsolutePath().getParent(), "*.jar")) {
        for (var sibling : siblings) urls.add(url(sibling));
      }
    }
    return urls.toArray(URL[]::new);
  }

  private static URL url(Path jar) throws MalformedURLException {
    return jar.toUri().toURL();
  }

  private static void prepare(ClassFile classFile, Path jar) throws IOException {
    var next = Path.of(jar + ".next");
    try (var in = new JarFile(jar.toFile());
        var out = new JarOutputStream(Files.newOutputStream(next))) {
      for (var entry : in.stream().toList()) {
        var bytes = in.getInputStream(entry).readAllBytes();
        var copy = new JarEntry(entry.getName());
        copy.setTime(entry.getTime());
        out.putNextEntry(copy);
        out.write(entry.getName().endsWith(".class") ? prepared(classFile, bytes) : bytes);
        out.closeEntry();
      }
    }
    Files.move(next, jar, StandardCopyOption.REPLACE_EXISTING);
  }

  private static byte[] prepared(ClassFile classFile, byte[] bytes) {
    var model = classFile.parse(bytes);
    if (model.majorVersion() < JAVA_6) return raised(classFile, model);
    var plain = new PlainMethods(model);
    return plain.isNeeded() ? classFile.transformClass(model, plain.transform()) : bytes;
  }

  private static byte[] raised(ClassFile classFile, ClassModel model) {
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

  /// Methods in the place of call sites of one class.
  private static final class PlainMethods {
    private final ClassModel model;
    private final Map<String, Method> methods = new LinkedHashMap<>();

    private record Method(MethodTypeDesc type, Consumer<CodeBuilder> body) {}

    PlainMethods(ClassModel model) {
      this.model = model;
    }

    boolean isNeeded() {
      return model.methods().stream()
          .flatMap(method -> method.code().stream())
          .flatMap(code -> code.elementStream())
          .anyMatch(e -> e instanceof InvokeDynamicInstruction call && body(call).isPresent());
    }

    ClassTransform transform() {
      CodeTransform calls =
          (code, element) -> {
            if (element instanceof InvokeDynamicInstruction call && body(call).isPresent()) {
              call(code, call, body(call).get());
            } else {
              code.with(element);
            }
          };
      return ClassTransform.transformingMethodBodies(calls)
          .andThen(
              ClassTransform.endHandler(
                  builder ->
                      methods.forEach(
                          (name, method) ->
                              builder.withMethodBody(name, method.type, ADDED, method.body))));
    }

    private void call(CodeBuilder code, InvokeDynamicInstruction call, Consumer<CodeBuilder> body) {
      var name = call.name().stringValue() + "$ahead" + methods.size();
      methods.put(name, new Method(call.typeSymbol(), body));
      boolean isInterface = model.flags().has(java.lang.reflect.AccessFlag.INTERFACE);
      code.invokestatic(model.thisClass().asSymbol(), name, call.typeSymbol(), isInterface);
    }

    private Optional<Consumer<CodeBuilder>> body(InvokeDynamicInstruction call) {
      var bootstrap = call.bootstrapMethod();
      var arguments = call.bootstrapArgs();
      return switch (bootstrap.owner().displayName() + "." + bootstrap.methodName()) {
        case "SwitchBootstraps.typeSwitch" ->
            arguments.stream().allMatch(ClassDesc.class::isInstance)
                ? Optional.of(code -> typeSwitch(code, arguments))
                : Optional.empty();
        case "ObjectMethods.bootstrap" -> ofRecord(call.name().stringValue(), arguments);
        default -> Optional.empty();
      };
    }

    /// The number of the first label from a given one on that a value is of; their count for none,
    /// -1 for null.
    private static void typeSwitch(CodeBuilder code, List<ConstantDesc> labels) {
      var isThere = code.newLabel();
      code.aload(0).ifnonnull(isThere).iconst_m1().ireturn().labelBinding(isThere);
      for (int i = 0; i < labels.size(); i++) {
        var next = code.newLabel();
        code.iload(1).loadConstant(i).if_icmpgt(next);
        code.aload(0).instanceOf((ClassDesc) labels.get(i)).ifeq(next);
        code.loadConstant(i).ireturn().labelBinding(next);
      }
      code.loadConstant(labels.size()).ireturn();
    }

    private static Optional<Consumer<CodeBuilder>> ofRecord(
        String name, List<ConstantDesc> arguments) {
      var type = (ClassDesc) arguments.get(0);
      var fields =
          arguments.subList(2, arguments.size()).stream()
              .map(DirectMethodHandleDesc.class::cast)
              .toList();
      return switch (name) {
        case "equals" -> Optional.of(code -> equals(code, type, fields));
        case "hashCode" -> Optional.of(code -> hashCode(code, type, fields));
        default -> Optional.empty();
      };
    }

    private static void equals(
        CodeBuilder code, ClassDesc type, List<DirectMethodHandleDesc> fields) {
      var differ = code.newLabel();
      code.aload(1).instanceOf(type).ifeq(differ).aload(1).checkcast(type).astore(2);
      for (var field : fields) {
        var kind = field.invocationType().returnType();
        code.aload(0).getfield(type, field.methodName(), kind);
        code.aload(2).getfield(type, field.methodName(), kind);
        compare(code, kind, differ);
      }
      code.iconst_1().ireturn().labelBinding(differ).iconst_0().ireturn();
    }

    private static void compare(CodeBuilder code, ClassDesc kind, Label differ) {
      switch (TypeKind.from(kind)) {
        case BOOLEAN, BYTE, CHAR, SHORT, INT -> code.if_icmpne(differ);
        case LONG -> code.lcmp().ifne(differ);
        case FLOAT ->
            code.invokestatic(CD_Float, "compare", MethodTypeDesc.of(CD_int, kind, kind))
                .ifne(differ);
        case DOUBLE ->
            code.invokestatic(CD_Double, "compare", MethodTypeDesc.of(CD_int, kind, kind))
                .ifne(differ);
        case REFERENCE ->
            code.invokestatic(
                    OBJECTS, "equals", MethodTypeDesc.of(CD_boolean, CD_Object, CD_Object))
                .ifeq(differ);
        case VOID -> throw new IllegalStateException("a field is of no type");
      }
    }

    private static void hashCode(
        CodeBuilder code, ClassDesc type, List<DirectMethodHandleDesc> fields) {
      code.iconst_0();
      for (var field : fields) {
        var kind = field.invocationType().returnType();
        code.bipush(31).imul().aload(0).getfield(type, field.methodName(), kind);
        if (kind.isPrimitive()) {
          var box = TypeKind.from(kind);
          code.invokestatic(boxOf(box), "hashCode", MethodTypeDesc.of(CD_int, kind));
        } else {
          code.invokestatic(OBJECTS, "hashCode", MethodTypeDesc.of(CD_int, CD_Object));
        }
        code.iadd();
      }
      code.ireturn();
    }

    private static ClassDesc boxOf(TypeKind kind) {
      return switch (kind) {
        case BOOLEAN -> java.lang.constant.ConstantDescs.CD_Boolean;
        case BYTE -> java.lang.constant.ConstantDescs.CD_Byte;
        case CHAR -> java.lang.constant.ConstantDescs.CD_Character;
        case SHORT -> java.lang.constant.ConstantDescs.CD_Short;
        case INT -> java.lang.constant.ConstantDescs.CD_Integer;
        case LONG -> java.lang.constant.ConstantDescs.CD_Long;
        case FLOAT -> CD_Float;
        case DOUBLE -> CD_Double;
        case REFERENCE, VOID -> throw new IllegalStateException(kind + " has no box");
      };
    }
  }
}
