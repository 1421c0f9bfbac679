package watari.engine;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// ONNX Runtime, on the processor.
final class OnnxRuntime implements Engine {
  private static final String EXTERNAL_FOLDER =
      "session.model_external_initializers_file_folder_path";

  @Override
  public String format() {
    return "onnx";
  }

  @Override
  public String name() throws EngineException {
    return "ONNX Runtime " + environment().getVersion();
  }

  @Override
  public Session load(Path model, Path weights, List<String> taps)
      throws IOException, EngineException {
    var environment = environment();
    try (var options = new OrtSession.SessionOptions()) {
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      var found = taps.isEmpty() ? List.<String>of() : OnnxTaps.found(model, taps);
      if (found.isEmpty()) {
        var session = environment.createSession(model.toString(), options);
        return new OnnxSession(environment, session, found);
      }
      var folder = model.toAbsolutePath().getParent();
      if (folder != null) options.addConfigEntry(EXTERNAL_FOLDER, folder.toString());
      var session = environment.createSession(OnnxTaps.tapped(model, found), options);
      return new OnnxSession(environment, session, found);
    } catch (OrtException e) {
      throw new EngineException("ONNX Runtime does not load it: " + e.getMessage(), e);
    }
  }

  /// The environment of the process, which ends with it.
  private static OrtEnvironment environment() throws EngineException {
    Natives.setEnvironment("ORT_DISABLE_TELEMETRY", "1");
    try {
      return OrtEnvironment.getEnvironment(
          OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, OrtEnvironment.DEFAULT_NAME);
    } catch (LinkageError | IllegalStateException e) {
      throw new EngineException("ONNX Runtime is not there: " + e, e);
    }
  }
}
