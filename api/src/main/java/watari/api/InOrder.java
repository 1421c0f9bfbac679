package watari.api;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import watari.engine.EngineException;
import watari.engine.Feed;
import watari.engine.Session;
import watari.graph.Graph;
import watari.graph.Value;
import watari.tensor.TensorData;

/// A session of what was read back, which takes inputs and gives outputs in the order of what was
/// written, whatever they are called: some formats sort what has names.
final class InOrder implements Session {
  private final Session session;
  private final List<String> names;
  private final List<Integer> inputs;
  private final List<Integer> outputs;

  /// @param read what the session runs
  InOrder(Session session, Graph read, Graph written) {
    this.session = session;
    this.names = read.inputs().stream().map(Value::name).toList();
    this.inputs = places(inputs(written), inputs(read));
    this.outputs = places(outputs(read), outputs(written));
  }

  private static List<String> inputs(Graph graph) {
    var names = graph.inputs().stream().map(Value::name).toList();
    return known(graph.signature().inputs(), names);
  }

  private static List<String> outputs(Graph graph) {
    return known(graph.signature().outputs(), graph.outputNames());
  }

  private static List<String> known(List<String> given, List<String> names) {
    return given.size() == names.size() ? given : names;
  }

  /// Where each of `names` is among others that are the same; in their order where they are not.
  private static List<Integer> places(List<String> among, List<String> names) {
    var all = new HashSet<>(among);
    boolean isSame =
        all.size() == among.size()
            && among.size() == names.size()
            && all.equals(new HashSet<>(names));
    return IntStream.range(0, names.size())
        .mapToObj(i -> isSame ? among.indexOf(names.get(i)) : i)
        .toList();
  }

  @Override
  public List<TensorData> run(List<Feed> given) throws EngineException {
    if (given.size() != names.size()) {
      throw new EngineException(
          "the model has " + names.size() + " inputs, but " + given.size() + " tensors are given");
    }
    var feeds = new ArrayList<Feed>();
    for (int i = 0; i < names.size(); i++) {
      feeds.add(new Feed(names.get(i), given.get(inputs.get(i)).data()));
    }
    var all = session.run(feeds);
    // Tensors that are tapped stand behind the outputs; a number of outputs that is not the
    // written one is the caller's to find.
    if (all.size() != outputs.size() + taps().size()) return all;
    var ordered = new ArrayList<TensorData>();
    for (int at : outputs) ordered.add(all.get(at));
    ordered.addAll(all.subList(outputs.size(), all.size()));
    return ordered;
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
