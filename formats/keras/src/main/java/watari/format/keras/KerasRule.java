package watari.format.keras;

import java.util.Arrays;
import java.util.List;
import watari.op.Op;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// A rewrite of one method, which sees stored integers as they are.
record KerasRule<O extends Op>(String name, Class<O> root, Replacement.Step<O> step)
    implements Rule<O> {
  @Override
  public Outcome apply(Match<O> match) {
    return step.apply(match.op(), match, new Formula(match));
  }

  /// Those rules of a list that are about some operators.
  static List<Rule<?>> of(List<Rule<?>> all, Class<?>... roots) {
    return all.stream().filter(rule -> Arrays.asList(roots).contains(rule.root())).toList();
  }

  /// The rules, only for nodes that Keras cannot say as they are.
  static List<Rule<?>> whereNeeded(List<Rule<?>> rules) {
    return rules.stream().<Rule<?>>map(KerasRule::whereNeeded).toList();
  }

  static <O extends Op> Rule<O> whereNeeded(Rule<O> rule) {
    return new Rule<>() {
      @Override
      public String name() {
        return rule.name();
      }

      @Override
      public Class<O> root() {
        return rule.root();
      }

      @Override
      public Outcome apply(Match<O> match) {
        return KerasWriteGraph.refuse(match.node()).isEmpty()
            ? Replacement.left("Keras has it")
            : rule.apply(match);
      }
    };
  }
}
