extension AdapterStack {
  /// Adds each token's adapter to its output: y += B·(A·x), the tokens of one slot together.
  ///
  /// This is the segment-gather product of multi-LoRA serving (Punica's SGMV; vLLM's `lora_shrink` and `lora_expand`):
  /// tokens are gathered by slot; A·x is summed in f32 over the whole rank of the slots and rounded to their type; B
  /// times that is summed in f32, rounded, added to the output and rounded. What a token gets does not depend on the
  /// other tokens, nor on the rank that its slot is padded to.
  ///
  /// - Parameters:
  ///   - tokenSlots: the slot of each token; nil for the base model alone.
  ///   - input: x, `[tokens, in]`, numbers of the slots' type.
  ///   - output: y, `[tokens, out]`, numbers of the slots' type.
  public func apply(
    tokenSlots: [Int?], input: [Float], output: inout [Float], level: KernelLevel = .preferred
  ) {
    apply(tokenSlots: tokenSlots, input: input, output: &output) { matrix, rows, length, tokens, count in
      Kernels.products(matrix, rows: rows, length: length, tokens: tokens, count: count, level: level)
    }
  }

  /// Multiplies rows of a matrix with tokens, as `Kernels.products` does: matrix, rows, numbers in a row, tokens and
  /// their count.
  public typealias Products<Failure: Error> =
    @Sendable ([Float], Range<Int>, Int, [Float], Int) throws(Failure) ->
    [Float]

  /// The same with the products of another device.
  public func apply<Failure: Error>(
    tokenSlots: [Int?], input: [Float], output: inout [Float], products: Products<Failure>
  ) throws(Failure) {
    precondition(output.count == tokenSlots.count * outFeatures, "the output has another size")
    try expand(
      try shrink(tokenSlots: tokenSlots, input: input, products: products), output: &output, products: products)
  }

  /// The tokens of one slot, and A·x of them.
  public struct Segment: Sendable {
    fileprivate let slot: Int
    fileprivate let tokens: [Int]
    /// `[tokens, rank]`, rounded to the type of the slots.
    fileprivate let shrunk: [Float]
  }

  /// The first half of `apply`: A·x, the tokens of one slot together.
  public func shrink<Failure: Error>(
    tokenSlots: [Int?], input: [Float], products: Products<Failure>
  ) throws(Failure) -> [Segment] {
    precondition(input.count == tokenSlots.count * inFeatures, "the input has another size")
    var result: [Segment] = []
    for (slot, tokens) in segments(tokenSlots) {
      let gathered = tokens.flatMap { input[$0 * inFeatures..<($0 + 1) * inFeatures] }
      let shrunk = dtype.rounded(
        try products(a, slot * rank..<(slot + 1) * rank, inFeatures, gathered, tokens.count))
      result.append(Segment(slot: slot, tokens: tokens, shrunk: shrunk))
    }
    return result
  }

  /// The second half of `apply`: B times that, which may come from a stack with the same slots and rank, added to the
  /// outputs.
  public func expand<Failure: Error>(
    _ segments: [Segment], output: inout [Float], products: Products<Failure>
  ) throws(Failure) {
    for segment in segments {
      precondition(
        segment.slot < slots && segment.shrunk.count == segment.tokens.count * rank, "segments of another stack")
      let change = dtype.rounded(
        try products(
          b, segment.slot * outFeatures..<(segment.slot + 1) * outFeatures, rank, segment.shrunk, segment.tokens.count))
      scatter(change, to: segment.tokens, &output)
    }
  }

  /// The same as `apply`, one token and one number at a time, with nothing but the language: what it must give.
  public func applyPlainly(tokenSlots: [Int?], input: [Float], output: inout [Float]) {
    for (token, slot) in tokenSlots.enumerated() {
      guard let slot else { continue }
      var shrunk: [Float] = []
      for row in 0..<rank {
        shrunk.append(
          Self.plainDot(a, (slot * rank + row) * inFeatures, input, token * inFeatures, inFeatures))
      }
      shrunk = dtype.rounded(shrunk)
      var sums: [Float] = []
      for row in 0..<outFeatures {
        let change = Self.plainDot(b, (slot * outFeatures + row) * rank, shrunk, 0, rank)
        sums.append(output[token * outFeatures + row] + dtype.rounded([change])[0])
      }
      output.replaceSubrange(token * outFeatures..<(token + 1) * outFeatures, with: dtype.rounded(sums))
    }
  }

  // MARK: Parts

  /// The tokens of each slot, in order.
  private func segments(_ tokenSlots: [Int?]) -> [(slot: Int, tokens: [Int])] {
    var tokens = [[Int]](repeating: [], count: slots)
    for (token, slot) in tokenSlots.enumerated() {
      guard let slot else { continue }
      precondition(slot >= 0 && slot < slots, "no such slot")
      tokens[slot].append(token)
    }
    return tokens.indices.filter { !tokens[$0].isEmpty }.map { ($0, tokens[$0]) }
  }

  private func scatter(_ change: [Float], to tokens: [Int], _ output: inout [Float]) {
    for (place, token) in tokens.enumerated() {
      let sums = (0..<outFeatures).map { output[token * outFeatures + $0] + change[place * outFeatures + $0] }
      output.replaceSubrange(token * outFeatures..<(token + 1) * outFeatures, with: dtype.rounded(sums))
    }
  }

  /// Sixteen sums by the number of the element, added as a tree.
  private static func plainDot(_ left: [Float], _ leftStart: Int, _ right: [Float], _ rightStart: Int, _ count: Int)
    -> Float
  {
    var lanes = [Float](repeating: 0, count: 16)
    for k in 0..<count { lanes[k % 16].addProduct(left[leftStart + k], right[rightStart + k]) }
    for width in [8, 4] {
      for lane in 0..<width { lanes[lane] += lanes[lane + width] }
    }
    return ((lanes[0] + lanes[2]) + (lanes[1] + lanes[3])) + 0
  }
}
