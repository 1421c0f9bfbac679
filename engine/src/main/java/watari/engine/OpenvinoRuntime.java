package watari.engine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// OpenVINO on the processor, where it is installed.
final class OpenvinoRuntime implements Engine {
  private final OpenvinoPlaces places;
  private @Nullable OpenvinoLibrary library;

  OpenvinoRuntime(OpenvinoPlaces places) {
    this.places = places;
  }

  @Override
  public String format() {
    return "openvino";
  }

  @Override
  public String name() throws EngineException {
    return "OpenVINO " + library().version();
  }

  @Override
  public String place() throws EngineException {
    return library().file().toString();
  }

  @Override
  public Session load(Path model, Path weights, List<String> taps)
      throws IOException, EngineException {
    return OpenvinoSession.load(library(), model, weights, taps);
  }

  private OpenvinoLibrary library() throws EngineException {
    var loaded = library;
    if (loaded == null) {
      loaded = new OpenvinoLibrary(places.library());
      library = loaded;
    }
    return loaded;
  }
}
