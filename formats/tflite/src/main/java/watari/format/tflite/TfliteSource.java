package watari.format.tflite;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.tflite.schema.BuiltinOperator;
import watari.format.tflite.schema.Operator;
import watari.format.tflite.schema.OperatorCode;

/// What all subgraphs of one file share while it is read.
final class TfliteSource {
  /// Operators of called subgraphs, counted at each call: calls of calls could otherwise multiply
  /// without end.
  private static final int MAX_OPERATORS = 100_000;

  private final TfliteFile file;
  private final String path;
  private final Findings findings;
  private final Map<Integer, TfliteTensors> tensors = new HashMap<>();
  private final Deque<Integer> calls = new ArrayDeque<>();
  private final TfliteVariables variables;
  private int operators;

  TfliteSource(TfliteFile file, String path, Findings findings) {
    this.file = file;
    this.path = path;
    this.findings = findings;
    this.variables = new TfliteVariables(this);
  }

  TfliteFile file() {
    return file;
  }

  Findings findings() {
    return findings;
  }

  String path() {
    return path;
  }

  TfliteVariables variables() {
    return variables;
  }

  TfliteTensors tensors(int subgraph) {
    return tensors.computeIfAbsent(subgraph, number -> new TfliteTensors(file, path, number));
  }

  /// Says that a subgraph's operators are read from now on.
  void enter(int subgraph) {
    if (calls.contains(subgraph)) {
      throw Unreadable.broken("subgraph '%d' calls itself".formatted(subgraph));
    }
    calls.push(subgraph);
    if (calls.size() > 1) operators += tensors(subgraph).subgraph().operatorsLength();
    if (operators > MAX_OPERATORS) {
      throw broken("the calls of subgraphs make more than %d operators".formatted(MAX_OPERATORS));
    }
  }

  void leave() {
    calls.pop();
  }

  OperatorCode code(Operator operator) {
    long index = operator.opcodeIndex();
    if (index >= file.model().operatorCodesLength()) {
      throw broken(
          "operator code '%d' is used, the file has %d"
              .formatted(index, file.model().operatorCodesLength()));
    }
    return Objects.requireNonNull(file.model().operatorCodes((int) index));
  }

  /// The name of an operator; of custom ones their own.
  static String name(OperatorCode code) {
    int builtin = builtin(code);
    if (builtin == BuiltinOperator.CUSTOM) return customName(code);
    boolean known = builtin >= 0 && builtin < BuiltinOperator.names.length;
    return known ? BuiltinOperator.names[builtin] : "BUILTIN_" + builtin;
  }

  static boolean isCustom(OperatorCode code) {
    return builtin(code) == BuiltinOperator.CUSTOM;
  }

  private static int builtin(OperatorCode code) {
    return Math.max(code.deprecatedBuiltinCode(), code.builtinCode());
  }

  private static String customName(OperatorCode code) {
    var name = code.customCode();
    return name == null ? "" : name;
  }

  List<Operator> operators(int subgraph) {
    var records = tensors(subgraph).subgraph();
    var all = new ArrayList<Operator>();
    for (int i = 0; i < records.operatorsLength(); i++) {
      all.add(Objects.requireNonNull(records.operators(i)));
    }
    return all;
  }

  ModelException broken(String why) {
    return new ModelException(Finding.error("FILE_BROKEN", why).inFile(path));
  }
}
