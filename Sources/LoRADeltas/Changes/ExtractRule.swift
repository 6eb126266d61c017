import LoRAModel

/// How the rank of a module follows from the singular values of its difference.
package struct ExtractRule: Sendable, Equatable {
  /// The rank, or with `energy` the most that is used; nil for no such limit.
  package var rank: UInt64?
  /// The smallest rank that keeps this part of Σσ² is used, and no value below the noise floor; above 0 to 1.
  package var energy: Double?

  package init(rank: UInt64? = nil, energy: Double? = nil) { (self.rank, self.energy) = (rank, energy) }

  /// Columns of a sketch beyond the rank that is wanted.
  static let oversampling = 10
  /// Columns of the first sketch where no rank is given.
  static let firstWidth = 32

  /// What is known of the values of a difference.
  package struct Spectrum {
    /// The largest singular values; those of a sketch, whose last ones are too small.
    package var values: [Double]
    /// How many of them count as found.
    var trusted: Int
    /// Σσ² of all values.
    var total: Double
    /// Values up to it are noise.
    var floor: Double

    /// Values above the floor.
    package var significant: Int { values.prefix(trusted).count { $0 > floor } }
  }

  /// The rank; nil when more values have to be known for it.
  package func rank(of spectrum: Spectrum) -> Int? {
    let most = Int(min(rank ?? LoRAPair.rankLimit, LoRAPair.rankLimit))
    guard let energy else { return min(most, spectrum.trusted) }
    let wanted = energy * (1 - 1e-12) * spectrum.total
    var sum = 0.0
    for (index, value) in spectrum.values.prefix(min(spectrum.trusted, most)).enumerated() {
      if value <= spectrum.floor { return index }
      sum += value * value
      if sum >= wanted { return index + 1 }
    }
    return spectrum.trusted >= most || spectrum.trusted == spectrum.values.count ? min(spectrum.trusted, most) : nil
  }

  /// Columns of the first sketch: whole strips of the kernel, which cost no more than a part of one.
  package func width(limit: Int) -> Int {
    let wanted = rank.map { Int(min($0, LoRAPair.rankLimit)) + Self.oversampling } ?? Self.firstWidth
    return Self.wholeStrips(energy == nil ? wanted : min(wanted, Self.firstWidth))
  }

  static func wholeStrips(_ columns: Int) -> Int { (columns + 15) / 16 * 16 }
}
