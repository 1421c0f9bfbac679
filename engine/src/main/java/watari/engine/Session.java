package watari.engine;

import java.util.List;
import watari.tensor.TensorData;

/// A loaded model. State that it keeps lasts from one run to the next.
public interface Session extends AutoCloseable {
  /// Runs the model once.
  ///
  /// @param inputs one for each input, in the file's order; their shapes may fill dynamic dims
  /// @return outputs in the file's order, then the taps; valid after the session is closed, too
  List<TensorData> run(List<Feed> inputs) throws EngineException;

  /// The names of the taps, in the order in which they are returned.
  List<String> taps();

  @Override
  void close();
}
