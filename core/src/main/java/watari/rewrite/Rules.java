package watari.rewrite;

import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import watari.op.Op;

/// Ways to take some rules of a list, or a rule for some nodes.
public final class Rules {
  private Rules() {}

  /// Those for some operators.
  public static List<Rule<?>> of(List<Rule<?>> all, Class<?>... roots) {
    return all.stream().filter(rule -> Arrays.asList(roots).contains(rule.root())).toList();
  }

  /// A rule for what a target does not have already.
  ///
  /// @param why the rule is left where `isNative` holds
  public static <O extends Op> Rule<O> unless(
      Predicate<Match<O>> isNative, String why, Rule<O> rule) {
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
        return isNative.test(match) ? leave(why) : rule.apply(match);
      }
    };
  }
}
