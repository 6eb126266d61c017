// Elements put together again from their planes: included once for each set of instructions, with LEVEL (a suffix),
// TARGET (an attribute) and a function look_up_LEVEL for 64 bytes of a table of 16.

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define NAME(name) PASTE(name, LEVEL)

#define BYTES_LOW \
  0, 64, 1, 65, 2, 66, 3, 67, 4, 68, 5, 69, 6, 70, 7, 71, 8, 72, 9, 73, 10, 74, 11, 75, 12, 76, 13, 77, 14, 78, 15, \
    79, 16, 80, 17, 81, 18, 82, 19, 83, 20, 84, 21, 85, 22, 86, 23, 87, 24, 88, 25, 89, 26, 90, 27, 91, 28, 92, 29, \
    93, 30, 94, 31, 95
#define BYTES_HIGH \
  32, 96, 33, 97, 34, 98, 35, 99, 36, 100, 37, 101, 38, 102, 39, 103, 40, 104, 41, 105, 42, 106, 43, 107, 44, 108, \
    45, 109, 46, 110, 47, 111, 48, 112, 49, 113, 50, 114, 51, 115, 52, 116, 53, 117, 54, 118, 55, 119, 56, 120, 57, \
    121, 58, 122, 59, 123, 60, 124, 61, 125, 62, 126, 63, 127
#define HALVES_LOW \
  0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39, 8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47
#define HALVES_HIGH \
  16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53, 22, 54, 23, 55, 24, 56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30, \
    62, 31, 63

/// The top bytes of the next elements, of which there are as many as a step takes.
///
/// - Returns: false when they need more exceptions than there are.
TARGET INLINE bool NAME(decode_step_)(lora_top *top, v64b *out) {
  if (!top->is_coded) {
    memcpy(out, top->bytes, STEP);
    top->bytes += STEP;
    return true;
  }
  v32b pairs;
  memcpy(&pairs, top->bytes, sizeof pairs);
  top->bytes += sizeof pairs;
  v32h wide = __builtin_convertvector(pairs, v32h);
  v64b codes = (v64b)(wide | wide << 4) & NO_CODE;
  NAME(look_up_)(top->table, &codes, out);
  if (__builtin_expect(__builtin_reduce_max(codes) < NO_CODE, 1)) return true;
  uint8_t values[STEP];
  uint64_t words[STEP / 8];
  memcpy(words, &codes, STEP);
  memcpy(values, out, STEP);
  for (size_t i = 0; i < STEP / 8; i++) {
    // 15 alone carries into its byte's highest bit.
    uint64_t found = (words[i] + 0x7171717171717171) & 0x8080808080808080;
    for (; found != 0; found &= found - 1) {
      if (top->exceptions == top->end) return false;
      values[8 * i + (size_t)__builtin_ctzll(found) / 8] = *top->exceptions++;
    }
  }
  memcpy(out, values, STEP);
  return true;
}

/// Stores that pass the caches write whole lines and read nothing first; the address is a multiple of a line then.
TARGET INLINE void NAME(emit_)(uint8_t *out, const void *line, bool streams) {
  v64b bytes;
  memcpy(&bytes, line, sizeof bytes);
  if (streams) {
    __builtin_nontemporal_store(bytes, (v64b *)(void *)out);
  } else {
    memcpy(out, &bytes, sizeof bytes);
  }
}

/// One step of elements of 2 or 4 bytes, `lower` the first of their lower planes, `pitch` bytes apart.
TARGET INLINE void NAME(join_step_)(
  const uint8_t *lower, size_t pitch, size_t width, const v64b *upper, bool streams, uint8_t *out) {
  v64b first, top = *upper;
  memcpy(&first, lower, STEP);
  if (width == 2) {
    v32h low = (v32h)__builtin_shufflevector(first, top, BYTES_LOW);
    v32h high = (v32h)__builtin_shufflevector(first, top, BYTES_HIGH);
    low = low >> 1 | low << 15, high = high >> 1 | high << 15;
    NAME(emit_)(out, &low, streams);
    NAME(emit_)(out + STEP, &high, streams);
    return;
  }
  v64b second, third;
  memcpy(&second, lower + pitch, STEP), memcpy(&third, lower + 2 * pitch, STEP);
  v32h lows[2] = {
    (v32h)__builtin_shufflevector(first, second, BYTES_LOW), (v32h)__builtin_shufflevector(first, second, BYTES_HIGH)};
  v32h highs[2] = {
    (v32h)__builtin_shufflevector(third, top, BYTES_LOW), (v32h)__builtin_shufflevector(third, top, BYTES_HIGH)};
  for (size_t half = 0; half < 2; half++) {
    v16w low = (v16w)__builtin_shufflevector(lows[half], highs[half], HALVES_LOW);
    v16w high = (v16w)__builtin_shufflevector(lows[half], highs[half], HALVES_HIGH);
    low = low >> 1 | low << 31, high = high >> 1 | high << 31;
    NAME(emit_)(out + 2 * half * STEP, &low, streams);
    NAME(emit_)(out + (2 * half + 1) * STEP, &high, streams);
  }
}

/// All elements of whole steps.
TARGET INLINE bool NAME(join_all_)(
  const uint8_t *lower, size_t pitch, size_t elements, size_t width, lora_top *top, bool streams, uint8_t *out) {
  for (size_t i = 0; i < elements; i += STEP) {
    v64b values;
    if (!NAME(decode_step_)(top, &values)) return false;
    if (width < 8) {
      NAME(join_step_)(lower + i, pitch, width, &values, streams, out + i * width);
    } else {
      join_each(lower + i, pitch, STEP, width, (const uint8_t *)&values, out + i * width);
    }
  }
  return true;
}

/// `elements`, a multiple of a step, from `lower` and `top`.
TARGET static bool NAME(join_)(
  const uint8_t *lower, size_t pitch, size_t elements, size_t width, lora_top *top, bool streams, uint8_t *out) {
  // Constants, so that the compiler makes a loop of each.
  if (width == 8) return NAME(join_all_)(lower, pitch, elements, 8, top, false, out);
  if (width == 4 && streams) return NAME(join_all_)(lower, pitch, elements, 4, top, true, out);
  if (width == 4) return NAME(join_all_)(lower, pitch, elements, 4, top, false, out);
  if (streams) return NAME(join_all_)(lower, pitch, elements, 2, top, true, out);
  return NAME(join_all_)(lower, pitch, elements, 2, top, false, out);
}

#undef BYTES_LOW
#undef BYTES_HIGH
#undef HALVES_LOW
#undef HALVES_HIGH
#undef NAME
#undef PASTE
#undef PASTE_
#undef LEVEL
#undef TARGET
