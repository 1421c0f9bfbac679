package watari.finding;

import java.util.List;

/// One thing that a user should know about a model: where it is, why it matters and what to do.
///
/// Empty strings and index -1 stand for what is not known or does not apply.
///
/// @param code stable, upper case, such as `OP_UNSUPPORTED`: scripts rely on it
/// @param file path of the model as the user gave it
/// @param node name of the node as the file has it
/// @param index position of the node in the file, counted from 0, or -1
/// @param operator the format's name of the operator, with its version where that matters
/// @param inputs types of the node's inputs, for instance `float32[1,3,224,224]`
/// @param outputs types of the node's outputs
/// @param why one sentence without a full stop; the offending value in quotes
/// @param fix what the user can do
public record Finding(
    Severity severity,
    String code,
    String file,
    String node,
    int index,
    String operator,
    List<String> inputs,
    List<String> outputs,
    String why,
    String fix) {

  public Finding {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  public static Finding error(String code, String why) {
    return of(Severity.ERROR, code, why);
  }

  public static Finding warning(String code, String why) {
    return of(Severity.WARNING, code, why);
  }

  public static Finding note(String code, String why) {
    return of(Severity.NOTE, code, why);
  }

  private static Finding of(Severity severity, String code, String why) {
    return new Finding(severity, code, "", "", -1, "", List.of(), List.of(), why, "");
  }

  public Finding inFile(String path) {
    return new Finding(severity, code, path, node, index, operator, inputs, outputs, why, fix);
  }

  /// The same finding, placed at a node; see the components for the parameters.
  public Finding at(String nodeName, int nodeIndex, String operatorName) {
    return new Finding(
        severity, code, file, nodeName, nodeIndex, operatorName, inputs, outputs, why, fix);
  }

  public Finding withTypes(List<String> inputTypes, List<String> outputTypes) {
    return new Finding(
        severity, code, file, node, index, operator, inputTypes, outputTypes, why, fix);
  }

  public Finding fix(String advice) {
    return new Finding(severity, code, file, node, index, operator, inputs, outputs, why, advice);
  }

  public Finding withSeverity(Severity other) {
    return new Finding(other, code, file, node, index, operator, inputs, outputs, why, fix);
  }

  public boolean isError() {
    return severity == Severity.ERROR;
  }

  /// One line, and a second one with the advice where there is any.
  @Override
  public String toString() {
    var line = new StringBuilder();
    if (!file.isEmpty()) line.append(file).append(": ");
    if (!node.isEmpty()) line.append("node '").append(node).append("' ");
    else if (index >= 0) line.append("node #").append(index).append(' ');
    if (!operator.isEmpty()) line.append('(').append(operator).append(") ");
    if (!node.isEmpty() || index >= 0 || !operator.isEmpty()) {
      line.setLength(line.length() - 1);
      line.append(": ");
    }
    line.append(why).append(" [").append(code).append(']');
    if (!fix.isEmpty()) line.append(System.lineSeparator()).append("  fix: ").append(fix);
    return line.toString();
  }
}
