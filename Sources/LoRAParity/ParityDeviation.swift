/// Sums of squares over the outputs of a module, of which its figures are made.
struct ParityDeviation {
  private var count = 0.0
  private var (largest, difference, mergedError, unmergedError) = (0.0, 0.0, 0.0, 0.0)
  private var (size, added, dot, mergedSize, unmergedSize) = (0.0, 0.0, 0.0, 0.0, 0.0)

  /// Takes in outputs that correspond to each other.
  ///
  /// - Parameters:
  ///   - delta: what the adapter adds to the truth.
  ///   - unmerged: nil where no engine serves the module beside its base.
  mutating func add(truth: [Double], delta: [Double], merged: [Float], unmerged: [Float]?) {
    count += Double(truth.count)
    for index in truth.indices {
      let (m, t) = (Double(merged[index]), truth[index])
      mergedError += (m - t) * (m - t)
      size += t * t
      added += delta[index] * delta[index]
      mergedSize += m * m
      guard let unmerged else { continue }
      let u = Double(unmerged[index])
      // Written so that NaN is kept.
      largest = abs(m - u) <= largest ? largest : abs(m - u)
      difference += (m - u) * (m - u)
      unmergedError += (u - t) * (u - t)
      dot += m * u
      unmergedSize += u * u
    }
  }

  /// The figures of a module.
  ///
  /// - Parameters:
  ///   - paths: whether padded slots and mixed batches gave the same numbers; nil where no engine serves the module.
  ///   - reason: why none does.
  func module(_ name: String, paths: (padded: Bool, grouped: Bool)?, reason: String?) -> ModuleParity {
    func relative(_ square: Double) -> Double { square == 0 ? 0 : (square / size).squareRoot() }
    let product = (mergedSize * unmergedSize).squareRoot()
    let served = paths.map { paths in
      ModuleParity.Served(
        maxAbs: largest, rms: (difference / max(count, 1)).squareRoot(), drift: relative(difference),
        cosine: product == 0 ? (mergedSize == unmergedSize ? 1 : 0) : dot / product,
        unmergedError: relative(unmergedError), paddedIsExact: paths.padded, groupedIsExact: paths.grouped)
    }
    return ModuleParity(
      name: name, mergedError: relative(mergedError), deltaShare: relative(added), served: served, reason: reason)
  }
}
