package watari.engine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// TensorFlow Lite, on the processor.
final class TfliteRuntime implements Engine {
  private @Nullable TfliteLibrary library;

  @Override
  public String format() {
    return "tflite";
  }

  @Override
  public String name() throws EngineException {
    return "TensorFlow Lite " + library().version();
  }

  @Override
  public Session load(Path model, Path weights, List<String> taps)
      throws IOException, EngineException {
    return TfliteSession.load(library().functions(), model, taps);
  }

  private TfliteLibrary library() throws EngineException {
    var loaded = library;
    if (loaded == null) {
      loaded = new TfliteLibrary();
      library = loaded;
    }
    return loaded;
  }
}
