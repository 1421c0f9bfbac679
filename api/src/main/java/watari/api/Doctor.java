package watari.api;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import watari.engine.Engine;
import watari.engine.EngineException;
import watari.engine.Engines;

/// Says what is installed here, and what it adds.
public final class Doctor {
  private static final List<Tool> TOOLS =
      List.of(
          new Tool("edgetpu_compiler", "compiles .tflite for the Edge TPU"),
          new Tool("trtexec", "builds TensorRT engines"),
          new Tool("xcrun", "compiles models for Apple's devices"),
          new Tool("benchmark_app", "runs models on OpenVINO"));

  private record Tool(String name, String adds) {}

  /// One thing looked for.
  ///
  /// @param value version or place
  public record Item(String name, boolean isThere, String value) {}

  private Doctor() {}

  public static List<Item> examine() {
    var items = new ArrayList<Item>();
    items.add(new Item("watari", true, Watari.producer().replace("watari", "").strip()));
    var runtime = Runtime.version() + " (" + System.getProperty("java.vendor") + ")";
    items.add(new Item("Java", true, runtime + ", " + System.getProperty("java.home")));
    items.add(
        new Item(
            "system", true, System.getProperty("os.name") + " " + System.getProperty("os.arch")));
    for (var engine : new Engines().all()) {
      items.add(engine(engine));
    }
    var formats = new Formats();
    items.add(new Item("reads", true, Formats.join(formats.readable())));
    items.add(new Item("writes", true, Formats.join(formats.writable())));
    for (var tool : TOOLS) items.add(tool(tool));
    return items;
  }

  private static Item engine(Engine engine) {
    var name = "engine for " + engine.format();
    try {
      var place = engine.place();
      return new Item(name, true, engine.name() + (place.isEmpty() ? "" : ", " + place));
    } catch (EngineException e) {
      return new Item(name, false, String.valueOf(e.getMessage()));
    }
  }

  private static Item tool(Tool tool) {
    var path = System.getenv("PATH");
    if (path != null) {
      for (var folder : path.split(File.pathSeparator)) {
        var file = Path.of(folder, tool.name());
        if (Files.isExecutable(file)) return new Item(tool.name(), true, file.toString());
      }
    }
    return new Item(tool.name(), false, tool.adds());
  }
}
