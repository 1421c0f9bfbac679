package watari.pass.replace;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.MatMulOp.Einsum;
import watari.op.MatMulOp.MatMul;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Unsqueeze;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Einsum → Transpose, Reshape, MatMul, Mul and ReduceSum, operand by operand.
///
/// Holds for every equation; axes that have to be merged need fixed dims.
public final class ReplaceEinsum {
  /// An operand and the letters of its axes, each once.
  private record Term(Value value, List<Integer> letters) {
    Dim dim(int letter) {
      return value.shape().dim(letters.indexOf(letter));
    }
  }

  private static final class Unfit extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unfit(String why) {
      super(why, null, false, false);
    }
  }

  private final Formula f;
  private final boolean isFloat;

  private ReplaceEinsum(Formula f, boolean isFloat) {
    this.f = f;
    this.isFloat = isFloat;
  }

  public static Rule<Einsum> einsum() {
    return new Replacement<>(
        "ReplaceEinsum",
        Einsum.class,
        (op, match, f) -> {
          if (match.node().inputs().stream().anyMatch(x -> !x.shape().isRanked())) {
            return Replacement.left("the ranks are not known");
          }
          try {
            var type = match.input(0).dtype();
            return new ReplaceEinsum(f, type.isFloat()).replace(op.equation(), match);
          } catch (Unfit unfit) {
            return Replacement.left(String.valueOf(unfit.getMessage()));
          }
        });
  }

  private Outcome replace(String equation, Match<Einsum> match) {
    var sides = equation.split("->", -1);
    var names = sides[0].split(",", -1);
    var terms = new ArrayList<Term>();
    int dots = 0;
    for (int i = 0; i < names.length; i++) {
      int free = match.input(i).shape().rank() - names[i].replace("...", "").length();
      dots = Math.max(dots, free);
      terms.add(diagonal(match.input(i), letters(names[i], free)));
    }
    var output = letters(sides[1], dots);
    var sum = without(terms, 0, output);
    for (int i = 1; i < terms.size(); i++) {
      var later = new ArrayList<>(output);
      for (int k = i + 1; k < terms.size(); k++) later.addAll(terms.get(k).letters());
      sum = product(sum, without(terms, i, output), later);
    }
    sum = reduced(sum, output);
    return match.replaceWith(ordered(sum, output));
  }

  /// Letters of a term; the axes of its dots are numbered -1, -2, … from the last one on.
  private static List<Integer> letters(String term, int dots) {
    var letters = new ArrayList<Integer>();
    for (int at = 0; at < term.length(); at++) {
      if (term.charAt(at) != '.') {
        letters.add((int) term.charAt(at));
        continue;
      }
      for (int i = dots; i > 0; i--) letters.add(-i);
      at += 2;
    }
    return letters;
  }

  // ---- one operand

  /// Letters that come twice become one axis.
  private Term diagonal(Value value, List<Integer> letters) {
    for (int second = 1; second < letters.size(); second++) {
      int first = letters.indexOf(letters.get(second));
      if (first == second) continue;
      int rank = letters.size();
      var perm = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
      perm.remove(Integer.valueOf(first));
      perm.remove(Integer.valueOf(second));
      var rest = value.shape().transposed(perm);
      var shape = value.shape();
      if (!shape.dim(first).isFixed() || !shape.dim(first).equals(shape.dim(second))) {
        throw new Unfit("the dims of a diagonal are not fixed");
      }
      long dim = shape.dim(first).fixed();
      perm.add(first);
      perm.add(second);
      var flat = merged(f.transpose(value, perm), rest.concat(Shape.of(dim * dim)));
      var diagonal = f.gather(flat, diagonalPlaces(dim), rank - 2);
      var kept = new ArrayList<>(letters);
      var letter = kept.get(second);
      kept.subList(second, second + 1).clear();
      kept.subList(first, first + 1).clear();
      kept.add(letter);
      return diagonal(diagonal, kept);
    }
    return new Term(value, letters);
  }

  private Value diagonalPlaces(long dim) {
    var places = IntStream.range(0, (int) dim).map(i -> (int) (i * (dim + 1))).toArray();
    return f.constant(TensorData.ofInts(Shape.of(dim), places));
  }

  /// A term summed over letters that are nowhere else, and without axes of 1 that others broadcast.
  private Term without(List<Term> terms, int i, List<Integer> output) {
    var term = terms.get(i);
    var used = new ArrayList<>(output);
    var squeezed = new ArrayList<Long>();
    for (int k = 0; k < terms.size(); k++) {
      if (k == i) continue;
      used.addAll(terms.get(k).letters());
    }
    var kept = new ArrayList<Integer>();
    for (int letter : term.letters()) {
      boolean isElsewhere =
          IntStream.range(0, terms.size())
              .filter(k -> k != i && terms.get(k).letters().contains(letter))
              .anyMatch(k -> k < i || !terms.get(k).dim(letter).is(1));
      if (term.dim(letter).is(1) && isElsewhere)
        squeezed.add((long) term.letters().indexOf(letter));
      else kept.add(letter);
    }
    var value = term.value();
    if (!squeezed.isEmpty()) value = f.op(new Squeeze(), value, f.builder().vector(squeezed));
    return reduced(new Term(value, kept), used);
  }

  private Term reduced(Term term, Collection<Integer> used) {
    var axes = new ArrayList<Integer>();
    var kept = new ArrayList<Integer>();
    for (int letter : term.letters()) {
      if (used.contains(letter)) kept.add(letter);
      else axes.add(term.letters().indexOf(letter));
    }
    if (axes.isEmpty()) return term;
    return new Term(f.reduce(Reduce.Kind.SUM, term.value(), false, axes), kept);
  }

  // ---- two operands

  private Term product(Term a, Term b, Collection<Integer> later) {
    var shared = new ArrayList<>(a.letters());
    shared.retainAll(b.letters());
    var summed = new ArrayList<>(shared);
    summed.removeAll(later);
    if (summed.isEmpty() || !isFloat) return reduced(multiplied(a, b), later);
    shared.removeAll(summed);
    var rows = new ArrayList<>(a.letters());
    rows.removeAll(b.letters());
    var columns = new ArrayList<>(b.letters());
    columns.removeAll(a.letters());
    var left = matrix(a, shared, rows, summed);
    var right = matrix(b, shared, columns, summed);
    var letters = new ArrayList<>(shared);
    letters.addAll(rows);
    letters.addAll(columns);
    var shape = new ArrayList<Dim>();
    shared.forEach(letter -> shape.add(a.dim(letter)));
    rows.forEach(letter -> shape.add(a.dim(letter)));
    columns.forEach(letter -> shape.add(b.dim(letter)));
    var product = f.op(new MatMul(false, true), left, right);
    boolean isShaped = rows.size() == 1 && columns.size() == 1;
    return new Term(isShaped ? product : merged(product, Shape.of(shape)), letters);
  }

  /// `[shared…, outer, summed]`.
  private Value matrix(Term term, List<Integer> shared, List<Integer> outer, List<Integer> summed) {
    var order = new ArrayList<>(shared);
    order.addAll(outer);
    order.addAll(summed);
    var value = ordered(term, order);
    if (outer.size() == 1 && summed.size() == 1) return value;
    var shape = value.shape();
    int first = shared.size();
    int second = first + outer.size();
    var rows = shape.product(first, second);
    return merged(
        value, shape.slice(0, first).concat(Shape.of(rows, shape.product(second, shape.rank()))));
  }

  private Value merged(Value value, Shape shape) {
    if (shape.dims().stream().filter(dim -> !dim.isFixed()).count() > 1) {
      throw new Unfit("axes of unknown dims are merged");
    }
    return f.reshape(value, shape);
  }

  private Term multiplied(Term a, Term b) {
    var letters = new ArrayList<>(a.letters());
    for (int letter : b.letters()) if (!letters.contains(letter)) letters.add(letter);
    return new Term(f.mul(spread(a, letters), spread(b, letters)), letters);
  }

  /// A term with axes of 1 for the letters that it lacks.
  private Value spread(Term term, List<Integer> letters) {
    var own = letters.stream().filter(term.letters()::contains).toList();
    var value = ordered(term, own);
    var lacking =
        IntStream.range(0, letters.size())
            .filter(i -> !term.letters().contains(letters.get(i)))
            .mapToObj(i -> (long) i)
            .toList();
    return lacking.isEmpty() ? value : f.op(new Unsqueeze(), value, f.builder().vector(lacking));
  }

  private Value ordered(Term term, List<Integer> order) {
    return f.transpose(term.value(), order.stream().map(term.letters()::indexOf).toList());
  }
}
