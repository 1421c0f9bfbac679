package watari.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import watari.finding.ModelException;

class LargeFieldsTest {
  /// Field 1 is a node again, field 2 large bytes, field 3 large varints, field 4 floats.
  private static final ProtobufShape NODE = node();

  private static ProtobufShape node() {
    var shape = new ProtobufShape("Node");
    return shape.message(1, shape).large(2).numbers(3, 0).large(3).numbers(4, 4);
  }

  @Test
  void smallFieldsStayInTheMessage() {
    var taken = takeOut("12 03 010203");

    assertThat(taken.fields()).isEmpty();
    assertThat(taken.structure()).isEqualTo(hex("12 03 010203"));
  }

  @Test
  void aLargeFieldLeavesAMarkerInItsMessage() {
    var taken = takeOut("0A 87 02  0A 84 02  12 81 02 " + "AB".repeat(257) + " 08 07");

    assertThat(taken.fields()).containsExactly(new LargeFields.Field(2, 9, 257));
    assertThat(taken.structure()).isEqualTo(hex("0A 08 0A 06 F8FFFFFF0F 00 08 07"));
  }

  @Test
  void whatIsTakenOutCanBePutIn() throws IOException {
    var message = hex("0A 87 02  0A 84 02  12 81 02 " + "AB".repeat(257) + " 08 07");
    var source = new FileBytes("m", MemorySegment.ofArray(message));
    var taken = LargeFields.takeOut(source, NODE);
    var field = taken.fields().getFirst();
    var bytes = ByteSource.of(source.slice(field.offset(), field.sizeBytes()));

    var again =
        LargeFields.putIn(taken.structure(), NODE, _ -> LargeFields.field(field.number(), bytes));

    assertThat(again.sizeBytes()).isEqualTo(message.length);
    assertThat(toArray(again)).isEqualTo(message);
  }

  @Test
  void aMarkerThatTheFileAlreadyHasIsDropped() {
    assertThat(takeOut("F8FFFFFF0F 05 08 01").structure()).isEqualTo(hex("08 01"));
  }

  @Test
  void aLengthBeyondItsMessageIsRefused() {
    assertBroken(
        "0A 02 12 05 00", "m: byte 2: field 2 has 5 bytes, but its message has only 0 left");
  }

  @Test
  void aLengthOfTwoToThe64IsRefused() {
    assertBroken(
        "12 FFFFFFFFFFFFFFFFFF01",
        "m: byte 0: field 2 has 18446744073709551615 bytes, but its message has only 0 left");
  }

  @Test
  void aNumberThatIsCutOffIsRefused() {
    assertBroken("08 80", "m: byte 2: a number is cut off here");
    assertBroken("1A 01 80", "m: byte 3: a number is cut off here");
    assertBroken("08" + "FF".repeat(10), "m: byte 1: a number is longer than 10 bytes");
  }

  @Test
  void packedNumbersMustBeWhole() {
    assertBroken("22 03 000000", "m: byte 0: field 4 has 3 bytes, which is not a multiple of 4");
  }

  @Test
  void groupsAndFieldZeroAreRefused() {
    assertBroken("0B 0C", "m: byte 0: field 1 has the wire type 3");
    assertBroken("00 00", "m: byte 0: '0' is not a field's tag");
  }

  @Test
  void nestingHasAnEnd() throws IOException {
    ByteSource message = ByteSource.of(new byte[0]);
    for (int i = 0; i < 120; i++) message = LargeFields.field(1, message);
    var source = new FileBytes("m", MemorySegment.ofArray(toArray(message)));

    assertThatThrownBy(() -> LargeFields.takeOut(source, NODE))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("messages are nested more than 100 deep");
  }

  private static void assertBroken(String message, String sentence) {
    assertThatThrownBy(() -> takeOut(message))
        .isInstanceOf(ModelException.class)
        .hasMessage(sentence + " [FILE_BROKEN]");
  }

  private static LargeFields takeOut(String message) {
    return LargeFields.takeOut(new FileBytes("m", MemorySegment.ofArray(hex(message))), NODE);
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  private static byte[] toArray(ByteSource source) throws IOException {
    var bytes = new ByteArrayOutputStream();
    source.writeTo(Channels.newChannel(bytes));
    return bytes.toByteArray();
  }
}
