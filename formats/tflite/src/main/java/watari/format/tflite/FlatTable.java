package watari.format.tflite;

import watari.format.FileBytes;

/// A table of a flatbuffer, as its bytes have it.
///
/// Source: FlatBuffers, internals. A table begins with the distance back to its vtable; the vtable
/// has its own size, the table's, and for each slot the field's place in the table (0: absent).
///
/// @param at offset of the table in the file
record FlatTable(FileBytes file, long at) {
  private static final int VTABLE_HEAD_BYTES = 4;

  static FlatTable root(FileBytes file) {
    return new FlatTable(file, file.uint32(0));
  }

  /// Offset of a field in the file, or 0 if the table does not have it.
  long field(int slot) {
    long vtable = at - file.int32(at);
    long entry = VTABLE_HEAD_BYTES + 2L * slot;
    // As generated code has it, whose tables of an odd size have half an entry more.
    if (entry >= file.uint16(vtable)) return 0;
    int place = file.uint16(vtable + entry);
    return place == 0 ? 0 : at + place;
  }

  /// Whether the vtable is long enough for a slot.
  boolean hasSlot(int slot) {
    return VTABLE_HEAD_BYTES + 2L * slot < file.uint16(at - file.int32(at));
  }

  /// Which member a union holds: the number in the slot before its own, 0 for none.
  int member(int slot) {
    long type = field(slot - 1);
    return type == 0 ? 0 : file.uint8(type);
  }

  /// What a reference at an offset in the file refers to.
  static long target(FileBytes file, long reference) {
    return reference + file.uint32(reference);
  }
}
