/// A piece's elements, to the slot's type: ties to even, every NaN canonical.
extension ScatterKernel {
  /// From the words `w` or, where the source is f32, the numbers `v` to words or, where the slot is f32, numbers.
  static let rounding = """
      @%source32 bra unpacked;
      @%source_half bra unpack_half;
    \(each(ofWords: true, until: "unpacked", unpackBrain))
      bra unpacked;
    unpack_half:
    \(each(ofWords: true, until: "unpacked", unpackHalf))

      // To the slot's type for the first time.
    unpacked:
      @%twofold bra round_first;
    scale:
      @!%scales bra scaled;
    multiply:
    \(each(until: "scaled") { "  mul.rn.f32 %v\($0), %v\($0), %scale;" })
    scaled:
      @%partial bra mask;
    masked:
    \(look(until: "checked"))
      @%nan bra canonical;
    round:
      @%target32 bra store;
      @%target_half bra round_half;
    \(each(0..<2, roundBrains))
      @%narrow bra store;
    \(each(2..<4, roundBrains))
      bra store;
    round_half:
    \(each(ofWords: true, until: "store", roundHalves))
    """

  /// What few pieces need.
  static let rareRounding = """
      // Beyond the source's last column there are zeros without a sign.
    mask:
    \(each(0..<8) { """
        setp.gt.u32 %p, %left, \($0);
        @!%p mov.u32 %v\($0), 0;
      """ })
      bra masked;

    canonical:
    \(each(until: "canonical_all", canonical))
    canonical_all:
      @!%target_half bra round;
    \(each(ofWords: true, until: "store", roundHalvesOrNaN))
      bra store;

      // Rounded to the slot's type, and back to f32.
    round_first:
      @%target_half bra round_first_half;
    \(look(until: "checked_first"))
      @%nan bra canonical_first;
    round_brains_first:
    \(each(until: "multiply") { roundBrain($0) + "\n  and.b32 %v\($0), %t0, 0xFFFF0000;" })
      bra multiply;
    canonical_first:
    \(each(until: "round_brains_first", canonical))
      bra round_brains_first;
    round_first_half:
    \(each(until: "multiply") { "  cvt.rn.f16.f32 %h0, %v\($0);\n  cvt.f32.f16 %v\($0), %h0;" })
      bra multiply;
    """

  /// The two elements of a word of bf16 as f32.
  private static func unpackBrain(_ word: Int) -> String {
    """
      shl.b32 %v\(2 * word), %w\(word), 16;
      and.b32 %v\(2 * word + 1), %w\(word), 0xFFFF0000;
    """
  }

  /// The two elements of a word of f16 as f32.
  private static func unpackHalf(_ word: Int) -> String {
    """
      mov.b32 {%h0, %h1}, %w\(word);
      cvt.f32.f16 %v\(2 * word), %h0;
      cvt.f32.f16 %v\(2 * word + 1), %h1;
    """
  }

  /// Whether there is a NaN among them.
  private static func look(until next: String) -> String {
    """
      setp.nan.f32 %nan, %v0, %v1;
      setp.nan.or.f32 %nan, %v2, %v3, %nan;
      @%narrow bra \(next);
      setp.nan.or.f32 %nan, %v4, %v5, %nan;
      setp.nan.or.f32 %nan, %v6, %v7, %nan;
    \(next):
    """
  }

  private static func canonical(_ element: Int) -> String {
    """
      setp.nan.f32 %p, %v\(element), %v\(element);
      @%p mov.u32 %v\(element), 0x7FC00000;
    """
  }

  /// bf16 in the upper half of `t0`; a canonical NaN stays one.
  private static func roundBrain(_ element: Int, in result: String = "%t0") -> String {
    """
      bfe.u32 \(result), %v\(element), 16, 1;
      add.u32 \(result), \(result), 0x7FFF;
      add.u32 \(result), \(result), %v\(element);
    """
  }

  /// A word of bf16 out of two elements.
  private static func roundBrains(_ word: Int) -> String {
    """
    \(roundBrain(2 * word))
    \(roundBrain(2 * word + 1, in: "%t1"))
      prmt.b32 %w\(word), %t0, %t1, 0x7632;
    """
  }

  /// A word of f16 out of two elements.
  private static func roundHalves(_ word: Int) -> String {
    """
      cvt.rn.f16.f32 %h0, %v\(2 * word);
      cvt.rn.f16.f32 %h1, %v\(2 * word + 1);
      mov.b32 %w\(word), {%h0, %h1};
    """
  }

  /// The same where the elements may be NaN, of which the GPU would make one of its own.
  private static func roundHalvesOrNaN(_ word: Int) -> String {
    """
      cvt.rn.f16.f32 %h0, %v\(2 * word);
      setp.nan.f32 %p, %v\(2 * word), %v\(2 * word);
      @%p mov.u16 %h0, 0x7E00;
      cvt.rn.f16.f32 %h1, %v\(2 * word + 1);
      setp.nan.f32 %p, %v\(2 * word + 1), %v\(2 * word + 1);
      @%p mov.u16 %h1, 0x7E00;
      mov.b32 %w\(word), {%h0, %h1};
    """
  }
}
