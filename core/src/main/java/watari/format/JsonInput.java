package watari.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import watari.finding.Finding;
import watari.finding.ModelException;

/// JSON text, read from front to back; what does not fit is a [ModelException] that names line,
/// column and path.
///
/// Lenient where `flatc` is: names without quotes, single quotes, comments, commas behind the last
/// element, any word as a value.
public final class JsonInput {
  /// What comes next.
  public enum Kind {
    OBJECT,
    ARRAY,
    /// A quoted string.
    TEXT,
    /// Anything without quotes: a number, `true`, `null`, `nan`.
    WORD,
    END
  }

  private static final int WINDOW_BYTES = 1 << 16;
  private static final int MAX_DEPTH = 1000;
  private static final int NONE = -1;

  private final FileBytes file;
  private final byte[] window = new byte[WINDOW_BYTES];
  private long windowStart;
  private int at;
  private int limit;
  private long line = 1;
  private long lineStart;

  /// Place of the value or sign at hand: line, and bytes before it in the line.
  private long tokenLine = 1;

  private long tokenColumn;
  private final List<Frame> frames = new ArrayList<>();

  /// An object or array that is being read.
  private static final class Frame {
    private final boolean isObject;
    private final Set<String> names = new HashSet<>();
    private String name = "";
    private long index = NONE;
    private boolean hasValue;

    Frame(boolean isObject) {
      this.isObject = isObject;
    }

    Frame copy() {
      var copy = new Frame(isObject);
      copy.names.addAll(names);
      copy.name = name;
      copy.index = index;
      copy.hasValue = hasValue;
      return copy;
    }
  }

  public JsonInput(FileBytes file) {
    this.file = file;
  }

  // ---- structure

  public Kind peek() {
    int next = peekVisible();
    return switch (next) {
      case NONE -> Kind.END;
      case '{' -> Kind.OBJECT;
      case '[' -> Kind.ARRAY;
      case '"', '\'' -> Kind.TEXT;
      default -> Kind.WORD;
    };
  }

  public void beginObject() {
    begin('{', "an object", true);
  }

  public void beginArray() {
    begin('[', "an array", false);
  }

  private void begin(char bracket, String what, boolean isObject) {
    if (peekVisible() != bracket) throw broken("expected " + what + ", found " + found());
    at++;
    if (frames.size() == MAX_DEPTH) throw broken("values are nested more than 1000 deep");
    frames.add(new Frame(isObject));
  }

  /// The name of the object's next member; empty behind the last, whose object is then left.
  public Optional<String> nextName() {
    var frame = frames.getLast();
    if (!goesOn(frame, '}')) return Optional.empty();
    int next = peekVisible();
    var name = next == '"' || next == '\'' ? text() : word();
    frame.name = name;
    if (!frame.names.add(name)) throw broken("the name '" + name + "' is there twice");
    if (peekVisible() != ':') throw broken("expected ':' behind a name, found " + found());
    at++;
    return Optional.of(name);
  }

  /// Whether the array has one more element; behind the last its array is left.
  public boolean nextElement() {
    var frame = frames.getLast();
    if (!goesOn(frame, ']')) return false;
    frame.index++;
    return true;
  }

  private boolean goesOn(Frame frame, char end) {
    int next = peekVisible();
    if (next == ',' && frame.hasValue) {
      at++;
      next = peekVisible();
    } else if (frame.hasValue && next != end) {
      throw broken("expected ',' or '" + end + "', found " + found());
    }
    if (next == end) {
      at++;
      frames.removeLast();
      return false;
    }
    frame.hasValue = true;
    return true;
  }

  /// Makes sure that nothing follows.
  public void end() {
    if (peekVisible() != NONE) throw broken("expected the end of the file, found " + found());
  }

  /// Reads past a value of any kind.
  public void skip() {
    int depth = frames.size();
    do {
      switch (peek()) {
        case OBJECT -> beginObject();
        case ARRAY -> beginArray();
        case TEXT -> text();
        case WORD -> word();
        case END -> throw broken("the file ends within a value");
      }
      while (frames.size() > depth && !isMore()) {}
    } while (frames.size() > depth);
  }

  private boolean isMore() {
    return frames.getLast().isObject ? nextName().isPresent() : nextElement();
  }

  /// Another reader that goes on from here by itself.
  public JsonInput fork() {
    var other = new JsonInput(file);
    other.windowStart = position();
    other.line = line;
    other.lineStart = lineStart;
    for (var frame : frames) other.frames.add(frame.copy());
    return other;
  }

  // ---- values

  /// The value without quotes, or what is in them.
  public String scalar() {
    return switch (peek()) {
      case TEXT -> text();
      case WORD -> word();
      default -> throw broken("expected a number or a word, found " + found());
    };
  }

  /// Whether the value is `null`, which is then read.
  public boolean isNull() {
    if (peekVisible() != 'n') return false;
    if (!ahead("null")) return false;
    word();
    return true;
  }

  private boolean ahead(String text) {
    long start = position();
    if (start + text.length() > file.size()) return false;
    for (int i = 0; i < text.length(); i++) {
      if (file.uint8(start + i) != text.charAt(i)) return false;
    }
    return true;
  }

  /// A whole number of one byte, the fast way: the elements of byte vectors.
  ///
  /// @return the number, or -1 where the value has another form, which [#scalar] tells
  public int smallNumber() {
    peekVisible();
    int start = at;
    int value = 0;
    int here = at;
    while (here < limit && here - start < 3) {
      int digit = window[here] - '0';
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      here++;
    }
    boolean isWhole = here > start && here < limit && isEnd(window[here]) && value < 256;
    if (!isWhole) return NONE;
    at = here;
    return value;
  }

  private static boolean isEnd(int c) {
    return c == ',' || c == ']' || c == '\n' || c == ' ' || c == '\r';
  }

  /// A quoted string.
  public String text() {
    var bytes = new ByteArrayOutputStream();
    int quote = openQuote();
    for (int c = next(); c != quote; c = next()) {
      if (c == NONE) throw broken("the file ends within a string");
      if (c == '\n') newLine();
      if (c == '\\') JsonEscapes.read(this, bytes);
      else bytes.write(c);
    }
    return bytes.toString(UTF_8);
  }

  /// The bytes that a quoted string of base64 stands for, whichever of its alphabets.
  public void base64(ByteSink sink) {
    int quote = openQuote();
    int bits = 0;
    int count = 0;
    for (int c = next(); c != quote; c = next()) {
      if (c == NONE) throw broken("the file ends within a string");
      if (c == '\\') c = next();
      if (c == '=') continue;
      int digit = JsonEscapes.base64(c);
      if (digit < 0) throw broken("'" + (char) c + "' is not of base64");
      bits = bits << 6 | digit;
      if (++count % 4 == 0) {
        sink.write(bits >>> 16);
        sink.write(bits >>> 8);
        sink.write(bits);
      }
    }
    switch (count % 4) {
      case 1 -> throw broken("base64 ends within a byte");
      case 2 -> sink.write(bits >>> 4);
      case 3 -> {
        sink.write(bits >>> 10);
        sink.write(bits >>> 2);
      }
      default -> {}
    }
  }

  /// Takes bytes, one by one: the lowest eight bits of each number.
  public interface ByteSink {
    void write(int octet);
  }

  private int openQuote() {
    int quote = peekVisible();
    if (quote != '"' && quote != '\'') throw broken("expected a string, found " + found());
    at++;
    return quote;
  }

  private String word() {
    var text = new StringBuilder();
    for (int c = peekByte(); isWordPart(c); c = peekByte()) {
      text.append((char) c);
      at++;
    }
    if (text.isEmpty()) throw broken("expected a value, found " + found());
    return text.toString();
  }

  private static boolean isWordPart(int c) {
    return c >= 'a' && c <= 'z'
        || c >= 'A' && c <= 'Z'
        || c >= '0' && c <= '9'
        || c == '-'
        || c == '+'
        || c == '.'
        || c == '_';
  }

  // ---- places

  /// Where the value at hand begins: line, column and path.
  public String place() {
    var path = path();
    var where = "line " + tokenLine + ", column " + (tokenColumn + 1);
    return path.isEmpty() ? where : where + ", " + path;
  }

  /// The line that reading is in, from 1 on.
  public long line() {
    return line;
  }

  /// Where the value is, such as `subgraphs[0].operators[12].inputs[1]`.
  public String path() {
    var path = new StringBuilder();
    for (var frame : frames) {
      if (frame.isObject && !frame.name.isEmpty()) {
        if (!path.isEmpty()) path.append('.');
        path.append(frame.name);
      }
      if (!frame.isObject && frame.index >= 0) path.append('[').append(frame.index).append(']');
    }
    return path.toString();
  }

  /// The name that findings call the file by.
  public String fileName() {
    return file.name();
  }

  /// The exception for text that does not fit.
  public ModelException broken(String why) {
    return new ModelException(
        Finding.error("JSON_BROKEN", place() + ": " + why).inFile(file.name()));
  }

  private String found() {
    int c = peekByte();
    if (c == NONE) return "the end of the file";
    return c >= ' ' && c < 127 ? "'" + (char) c + "'" : "byte " + c;
  }

  // ---- bytes

  private long position() {
    return windowStart + at;
  }

  /// The next byte, which stays; or -1.
  private int peekByte() {
    if (at == limit && !fill()) return NONE;
    return window[at] & 0xFF;
  }

  /// The next byte, or -1.
  int next() {
    int c = peekByte();
    if (c != NONE) at++;
    return c;
  }

  private boolean fill() {
    windowStart += limit;
    at = 0;
    limit = (int) Math.min(WINDOW_BYTES, file.size() - windowStart);
    if (limit <= 0) {
      limit = 0;
      return false;
    }
    MemorySegment.copy(file.slice(windowStart, limit), JAVA_BYTE, 0, window, 0, limit);
    return true;
  }

  private void newLine() {
    line++;
    lineStart = position();
  }

  /// The next byte that is neither space nor comment; it stays.
  private int peekVisible() {
    while (true) {
      int c = peekByte();
      switch (c) {
        case ' ', '\t', '\r' -> at++;
        case '\n' -> {
          at++;
          newLine();
        }
        case '/' -> comment();
        case 0xEF -> byteOrderMark();
        default -> {
          tokenLine = line;
          tokenColumn = position() - lineStart;
          return c;
        }
      }
    }
  }

  private void byteOrderMark() {
    if (position() != 0 || !ahead("\u00EF\u00BB\u00BF")) throw broken("found byte 239");
    at += 3;
  }

  private void comment() {
    at++;
    int kind = next();
    if (kind == '/') {
      while (peekByte() != '\n' && peekByte() != NONE) at++;
      return;
    }
    if (kind != '*') throw broken("expected a comment behind '/'");
    int before = 0;
    for (int c = next(); before != '*' || c != '/'; c = next()) {
      if (c == NONE) throw broken("the file ends within a comment");
      if (c == '\n') newLine();
      before = c;
    }
  }
}
