package watari.api;

import java.util.ArrayList;
import java.util.List;
import watari.engine.EngineException;
import watari.engine.Feed;
import watari.engine.Session;
import watari.graph.Graph;
import watari.graph.Value;
import watari.tensor.TensorData;

/// A session whose inputs go by their order, whatever they are called.
final class InOrder implements Session {
  private final Session session;
  private final List<String> names;

  /// @param graph what the session runs
  InOrder(Session session, Graph graph) {
    this.session = session;
    this.names = graph.inputs().stream().map(Value::name).toList();
  }

  @Override
  public List<TensorData> run(List<Feed> inputs) throws EngineException {
    if (inputs.size() != names.size()) {
      throw new EngineException(
          "the model has " + names.size() + " inputs, but " + inputs.size() + " tensors are given");
    }
    var feeds = new ArrayList<Feed>();
    for (int i = 0; i < names.size(); i++) feeds.add(new Feed(names.get(i), inputs.get(i).data()));
    return session.run(feeds);
  }

  @Override
  public List<String> taps() {
    return session.taps();
  }

  @Override
  public void close() {
    session.close();
  }
}
