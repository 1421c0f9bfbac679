package watari.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/// Copies elements of one size that lie at a distance from each other.
interface StridedCopy {
  /// Element `at + i * step` of `from` becomes element `to + i * apart` of `target`, for each of
  /// `count`.
  void copy(
      MemorySegment from,
      long at,
      long step,
      MemorySegment target,
      long to,
      long apart,
      long count);

  static StridedCopy of(int elementBytes) {
    return switch (elementBytes) {
      case 1 -> StridedCopy::bytes;
      case 2 -> StridedCopy::shorts;
      case 4 -> StridedCopy::ints;
      case 8 -> StridedCopy::longs;
      default ->
          (from, at, step, target, to, apart, count) -> {
            for (long i = 0; i < count; i++) {
              long source = (at + i * step) * elementBytes;
              MemorySegment.copy(
                  from, source, target, (to + i * apart) * elementBytes, elementBytes);
            }
          };
    };
  }

  private static void bytes(
      MemorySegment from,
      long at,
      long step,
      MemorySegment target,
      long to,
      long apart,
      long count) {
    for (long i = 0; i < count; i++) {
      target.set(JAVA_BYTE, (to + i * apart), from.get(JAVA_BYTE, (at + i * step)));
    }
  }

  private static void shorts(
      MemorySegment from,
      long at,
      long step,
      MemorySegment target,
      long to,
      long apart,
      long count) {
    for (long i = 0; i < count; i++) {
      target.set(
          JAVA_SHORT_UNALIGNED,
          (to + i * apart) * 2,
          from.get(JAVA_SHORT_UNALIGNED, (at + i * step) * 2));
    }
  }

  private static void ints(
      MemorySegment from,
      long at,
      long step,
      MemorySegment target,
      long to,
      long apart,
      long count) {
    for (long i = 0; i < count; i++) {
      target.set(
          JAVA_INT_UNALIGNED,
          (to + i * apart) * 4,
          from.get(JAVA_INT_UNALIGNED, (at + i * step) * 4));
    }
  }

  private static void longs(
      MemorySegment from,
      long at,
      long step,
      MemorySegment target,
      long to,
      long apart,
      long count) {
    for (long i = 0; i < count; i++) {
      target.set(
          JAVA_LONG_UNALIGNED,
          (to + i * apart) * 8,
          from.get(JAVA_LONG_UNALIGNED, (at + i * step) * 8));
    }
  }
}
