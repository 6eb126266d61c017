import CLoRAKernels

/// An instruction-set level: the same kernels, with the same results bit for bit, compiled for other instructions.
public struct KernelLevel: Sendable, Hashable, CustomStringConvertible {
  /// Position in the C table, portable first.
  let index: lora_level

  /// `scalar` everywhere; `avx2` and `avx512` on x86-64; `neon` on arm64.
  public var name: String { unsafe String(cString: lora_level_name(index)) }

  /// The name.
  public var description: String { name }

  /// Whether this processor has the instructions and the operating system keeps their registers.
  public var isAvailable: Bool { lora_level_available(index) }

  /// Every level built for this architecture, slowest first.
  public static let allCases: [KernelLevel] = (0..<lora_level_count()).map { KernelLevel(index: $0) }

  /// The levels that can run here, slowest first; never empty.
  public static let available: [KernelLevel] = allCases.filter(\.isAvailable)

  /// What kernels use unless told otherwise.
  ///
  /// The fastest level that can run here, or the one that the environment variable `LORA_TOOL_SIMD` names, if it can.
  /// Read once.
  public static let preferred = KernelLevel(index: lora_level_preferred())

  init(index: lora_level) { self.index = index }

  /// The level of this name, if this architecture has it.
  public init?(name: String) {
    guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = found
  }

  /// Runs fused multiply-adds in registers only, for measuring the peak of a processor.
  ///
  /// - Returns: floating-point operations done, two for each multiply-add.
  public func burn(rounds: UInt64, double: Bool) -> UInt64 {
    double ? lora_level_burn_f64(index, rounds) : lora_level_burn_f32(index, rounds)
  }
}
