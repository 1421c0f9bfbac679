package watari.format.openvino;

import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import watari.op.Op;
import watari.pass.replace.Replacement;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// Ways to take some rules of a list, or a rule for some nodes.
final class OpenvinoRules {
  private OpenvinoRules() {}

  /// Those for some operators.
  static List<Rule<?>> of(List<Rule<?>> all, Class<?>... roots) {
    return all.stream().filter(rule -> Arrays.asList(roots).contains(rule.root())).toList();
  }

  /// A rule for what IR does not have already.
  static <O extends Op> Rule<O> unless(Predicate<Match<O>> isNative, Rule<O> rule) {
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
        return isNative.test(match) ? Replacement.left("IR has it") : rule.apply(match);
      }
    };
  }
}
