package watari.badinput;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;

/// What happens to files on their way: cut off, bits flipped, bytes lost, and numbers that somebody
/// chose to hurt.
enum Corruption {
  CUT_OFF {
    @Override
    byte[] of(byte[] good, Random random) {
      return Arrays.copyOf(good, random.nextInt(good.length));
    }
  },
  BIT_FLIPPED {
    @Override
    byte[] of(byte[] good, Random random) {
      var bad = good.clone();
      for (int i = random.nextInt(3); i >= 0; i--) {
        bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
      }
      return bad;
    }
  },
  BYTE_CHANGED {
    @Override
    byte[] of(byte[] good, Random random) {
      var bad = good.clone();
      bad[random.nextInt(bad.length)] = EXTREME_BYTES[random.nextInt(EXTREME_BYTES.length)];
      return bad;
    }
  },
  /// Offsets, lengths and indices lie at multiples of their size in a flatbuffer.
  NUMBER_CHANGED {
    @Override
    byte[] of(byte[] good, Random random) {
      var bad = good.clone();
      int at = random.nextInt(bad.length - 3) & ~3;
      int extreme = EXTREMES[random.nextInt(EXTREMES.length)];
      var bytes = ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN);
      bytes.putInt(at, random.nextBoolean() ? extreme : bytes.getInt(at) + extreme);
      return bad;
    }
  },
  RUN_LOST {
    @Override
    byte[] of(byte[] good, Random random) {
      int from = random.nextInt(good.length);
      int length = Math.min(1 + random.nextInt(16), good.length - from);
      var bad = Arrays.copyOf(good, good.length - length);
      System.arraycopy(good, from + length, bad, from, bad.length - from);
      return bad;
    }
  },
  RUN_REPEATED {
    @Override
    byte[] of(byte[] good, Random random) {
      var bad = good.clone();
      int length = 1 + random.nextInt(16);
      int from = random.nextInt(good.length - length);
      System.arraycopy(good, from, bad, random.nextInt(good.length - length), length);
      return bad;
    }
  };

  private static final byte[] EXTREME_BYTES = {0, 1, 0x7f, (byte) 0x80, (byte) 0xff};
  private static final int[] EXTREMES = {
    0, 1, -1, 2, -2, 4, -4, 255, 65535, 1 << 30, Integer.MAX_VALUE, Integer.MIN_VALUE
  };

  /// A broken copy of a file of at least 32 bytes; the same for the same state of `random`.
  abstract byte[] of(byte[] good, Random random);

  static byte[] any(byte[] good, Random random) {
    return values()[random.nextInt(values().length)].of(good, random);
  }
}
