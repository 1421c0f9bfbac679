package watari.format.keras;

import java.util.ArrayList;
import java.util.List;

/// The parameters of a layer, by name.
record KerasConfig(KerasJson json) {
  KerasJson get(String name) {
    return json.get(name);
  }

  /// Whether the parameter is there, and not null.
  boolean has(String name) {
    return !get(name).isNothing();
  }

  String text(String name, String otherwise) {
    return get(name) instanceof KerasJson.Text(var text) ? text : otherwise;
  }

  String text(String name) {
    if (get(name) instanceof KerasJson.Text(var text)) return text;
    throw missing(name, "a text");
  }

  boolean flag(String name, boolean otherwise) {
    return switch (get(name)) {
      case KerasJson.Flag(boolean value) -> value;
      case KerasJson.Numeral(double value) -> value != 0;
      default -> otherwise;
    };
  }

  double real(String name) {
    return number(name, get(name));
  }

  double real(String name, double otherwise) {
    return has(name) ? real(name) : otherwise;
  }

  int integer(String name) {
    return whole(name, get(name));
  }

  int integer(String name, int otherwise) {
    return has(name) ? integer(name) : otherwise;
  }

  /// The whole numbers of a list, or the one of a number alone.
  List<Integer> integers(String name) {
    var value = get(name);
    if (value instanceof KerasJson.Numeral) return List.of(whole(name, value));
    if (!(value instanceof KerasJson.Items(var all))) throw missing(name, "whole numbers");
    return all.stream().map(each -> whole(name, each)).toList();
  }

  /// As many whole numbers as given, of one for all of them or of a list.
  List<Integer> integers(String name, int count) {
    var all = integers(name);
    if (all.size() == 1 && count > 1) return java.util.Collections.nCopies(count, all.get(0));
    if (all.size() != count) throw missing(name, count + " whole numbers");
    return all;
  }

  /// The numbers of a list however nested, in order.
  List<Double> reals(String name) {
    var all = new ArrayList<Double>();
    collect(name, get(name), all);
    return all;
  }

  private void collect(String name, KerasJson value, List<Double> all) {
    if (value instanceof KerasJson.Items(var items)) {
      items.forEach(each -> collect(name, each, all));
    } else if (!KerasArrays.isArray(value)) {
      all.add(number(name, value));
    } else {
      all.addAll(KerasArrays.numbers(value));
    }
  }

  private double number(String name, KerasJson value) {
    if (value instanceof KerasJson.Numeral(double number)) return number;
    if (KerasArrays.isArray(value)) {
      var all = KerasArrays.numbers(value);
      if (all.size() == 1) return all.get(0);
    }
    throw missing(name, "a number");
  }

  private int whole(String name, KerasJson value) {
    double number = number(name, value);
    if (number != Math.rint(number) || Math.abs(number) > Integer.MAX_VALUE) {
      throw missing(name, "a whole number");
    }
    return (int) number;
  }

  /// A parameter is not what it has to be.
  KerasRefusal missing(String name, String expected) {
    return KerasRefusal.broken(
        "parameter '%s' is '%s', expected %s".formatted(name, get(name).show(), expected));
  }

  /// A parameter has a value that Watari does not read.
  KerasRefusal unknown(String name, String expected) {
    return KerasRefusal.unsupported(
        "parameter '%s' is '%s', and Watari reads %s".formatted(name, get(name).show(), expected),
        "build the layer with another value, or end the model before it with --outputs");
  }
}
