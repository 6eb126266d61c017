public import TensorCore

/// The factors of one module for several slots, as an engine keeps them: A `[slots, rank, in]` and B
/// `[slots, out, rank]`, the scale folded into B; ranks below the slots' are padded with zeros.
public struct AdapterStack: Sendable {
  /// Number of slots.
  public let slots: Int
  /// Rank that every slot has room for.
  public let rank: Int
  /// Columns of A.
  public let inFeatures: Int
  /// Rows of B.
  public let outFeatures: Int
  /// Type of the elements: F32, F16 or BF16.
  public let dtype: DType

  /// All factors, widened; what a slot does not use is zero.
  private(set) var a: [Float]
  private(set) var b: [Float]

  /// Empty slots.
  public init(slots: Int, rank: Int, inFeatures: Int, outFeatures: Int, dtype: DType) {
    precondition(slots > 0 && rank > 0 && inFeatures >= 0 && outFeatures >= 0 && dtype.isMergeable, "no such stack")
    self.slots = slots
    self.rank = rank
    self.inFeatures = inFeatures
    self.outFeatures = outFeatures
    self.dtype = dtype
    a = Array(repeating: 0, count: slots * rank * inFeatures)
    b = Array(repeating: 0, count: slots * outFeatures * rank)
  }

  /// Puts an adapter into a slot, as vLLM does: A and B are rounded to the slots' type, then B is multiplied by the
  /// scale and rounded again.
  ///
  /// - Parameters:
  ///   - down: A, `[rank, in]`, row by row.
  ///   - up: B, `[out, rank]`, row by row.
  ///   - adapterRank: the adapter's own rank, at most the slots'.
  public mutating func load(slot: Int, down: [Float], up: [Float], adapterRank: Int, scale: Float) {
    precondition(slot >= 0 && slot < slots && adapterRank > 0 && adapterRank <= rank, "no such slot or rank")
    precondition(down.count == adapterRank * inFeatures && up.count == outFeatures * adapterRank, "wrong sizes")
    let down = dtype.rounded(down)
    var up = dtype.rounded(up)
    if scale != 1 { up = dtype.rounded(up.map { $0 * scale }) }
    let (shrinking, unused) = (slot * rank * inFeatures, (rank - adapterRank) * inFeatures)
    a.replaceSubrange(shrinking..<shrinking + down.count, with: down)
    a.replaceSubrange(
      shrinking + down.count..<shrinking + rank * inFeatures, with: repeatElement(0, count: unused))
    let expanding = slot * outFeatures * rank
    guard adapterRank < rank else { return b.replaceSubrange(expanding..<expanding + up.count, with: up) }
    unsafe b.withUnsafeMutableBufferPointer { b in
      unsafe up.withUnsafeBufferPointer { up in
        guard let b = b.baseAddress, let up = up.baseAddress else { return }
        for row in 0..<outFeatures {
          let target = unsafe b + expanding + row * rank
          unsafe target.update(from: up + row * adapterRank, count: adapterRank)
          unsafe (target + adapterRank).update(repeating: 0, count: rank - adapterRank)
        }
      }
    }
  }
}

extension DType {
  /// Numbers rounded once to this type (F32, F16 or BF16), ties to even.
  public func rounded(_ values: [Float]) -> [Float] {
    guard self != .f32 else { return values }
    return unsafe stored(values.count) { stored in
      unsafe values.withUnsafeBufferPointer { unsafe Kernels.narrow($0, to: self, output: stored) }
    }
  }

  /// Numbers in float64 rounded once to this type (F32, F16 or BF16), ties to even.
  public func rounded(_ values: [Double]) -> [Float] {
    unsafe stored(values.count) { stored in
      unsafe values.withUnsafeBufferPointer { unsafe Kernels.narrow($0, to: self, output: stored) }
    }
  }

  /// Numbers as they come back from the bytes of this type that `narrow` fills.
  private func stored(_ count: Int, _ narrow: (UnsafeMutableRawBufferPointer) -> Void) -> [Float] {
    var bytes = [UInt8](repeating: 0, count: count * Int(bits / 8))
    unsafe bytes.withUnsafeMutableBytes { unsafe narrow($0) }
    return unsafe [Float](unsafeUninitializedCapacity: count) { output, filled in
      unsafe bytes.withUnsafeBytes { input in
        let target = unsafe UnsafeMutableBufferPointer(rebasing: output[..<count])
        unsafe Kernels.widen(input, dtype: self, to: target)
      }
      filled = count
    }
  }
}
