import BaseCatalogue
public import LoRAIO
import LoRAKernels
public import LoRAModel
import SHA2
import Safetensors
import Synchronization
import TensorCore

/// What the values of one module do to its weight: facts of s·B·A, which is never formed.
///
/// A stack of experts counts as one matrix with the experts' deltas along its diagonal. DoRA's magnitude and trained
/// biases are no part of the delta. nil stands for what cannot be computed: a half pair, factors of different ranks,
/// values that are not finite, another method's arithmetic.
public struct ModuleStatistics: Sendable, Equatable {
  /// ‖s·B·A‖ in the Frobenius norm.
  public var deltaFrobenius: Double?
  /// The largest singular value of s·B·A.
  public var deltaSpectral: Double?
  /// The smallest number of singular values that hold 99 % of the squared Frobenius norm; 0 for a delta of zero.
  public var effectiveRank: Int?
  /// ‖s·B·A‖ / ‖W‖ in the Frobenius norm, when the base's weight is at hand, floating-point and not zero.
  public var relativeDelta: Double?
  /// The largest singular values of s·B·A, largest first, at most `spectrumLimit` of them.
  ///
  /// Each is right to 10⁻¹⁰ of itself and a few units of rounding of the largest.
  public var singularValues: [Double] = []
  /// Elements of the module's tensors that are not a number.
  public var nan: UInt64
  /// Infinite elements.
  public var infinite: UInt64
  /// Elements that are zero.
  public var zero: UInt64

  /// How many singular values are kept of one module.
  public static let spectrumLimit = 256
}

/// What reading all values of an adapter tells.
public struct AdapterStatistics: Sendable {
  /// SHA-256 of the file as it is on disk, in lower-case hexadecimal.
  public var sha256: String
  /// For every module of the adapter, in the adapter's order.
  public var modules: [ModuleStatistics]

  /// Reads an adapter's values, and with a base that has weights those of the adapted modules too.
  ///
  /// Holds one block of one factor per worker in memory. Computes in f64.
  /// - Parameters:
  ///   - adapter: the adapter, with its file.
  ///   - base: the model that it is for; without its weights nothing is said about them.
  ///   - workers: number of threads.
  ///   - finished: called from any thread when a module is done.
  /// - Throws: the first `IOError`.
  public init(
    of adapter: Adapter, base: BaseModel? = nil, workers: Int = Workers.processorCount,
    finished: @escaping @Sendable () -> Void = {}
  ) throws(IOError) {
    let modules = adapter.modules
    let results = Mutex<[ModuleStatistics?]>(Array(repeating: nil, count: modules.count))
    let digest = Mutex<String>("")
    // The longest work first, so that no worker is left with it at the end.
    let order = modules.indices.sorted { (modules[$1].parameters, $0) < (modules[$0].parameters, $1) }
    try Workers.forEach(count: modules.count + 1, workers: workers) { (job) throws(IOError) in
      if job == 0 {
        let text = try Self.sha256(of: adapter.weightsPath)
        digest.withLock { $0 = text }
      } else if let file = adapter.file {
        let index = order[job - 1]
        let computesDelta = adapter.foreignMethod == nil
        var statistics = try ModuleStatistics(modules[index], in: file, computesDelta: computesDelta)
        if let delta = statistics.deltaFrobenius, let norm = try base?.weightNorm(of: modules[index].name) {
          statistics.relativeDelta = norm > 0 && norm.isFinite ? delta / norm : nil
        }
        results.withLock { $0[index] = statistics }
        finished()
      }
    }
    sha256 = digest.withLock { $0 }
    self.modules = results.withLock { $0 }.map { $0 ?? ModuleStatistics(nan: 0, infinite: 0, zero: 0) }
  }

  private static func sha256(of path: String) throws(IOError) -> String {
    let file = try InputFile(path: path)
    file.adviseSequential()
    var hash = SHA256()
    let buffer = IOBuffer(count: 1 << 20)
    var offset: UInt64 = 0
    while case let count = unsafe try file.readAvailable(into: buffer.bytes, at: offset), count > 0 {
      unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count]))
      offset += UInt64(count)
    }
    return hash.finalize().description
  }
}

extension ModuleStatistics {
  /// Share of the squared Frobenius norm that the effective rank holds.
  static let energy = 0.99

  fileprivate init(_ module: AdapterModule, in file: SafetensorsFile, computesDelta: Bool) throws(IOError) {
    var counts = ValueCounts()
    var values: [Double]?
    if computesDelta, let pair = try? module.pair(), let inputs = FactorPlaces(pair.a, of: pair),
      let outputs = FactorPlaces(pair.b, of: pair),
      [pair.a, pair.b].allSatisfy({ $0.tensor.dtype.bits % 8 == 0 })
    {
      let down = try FactorReading(pair.a.tensor, inputs, from: file)
      let up = try FactorReading(pair.b.tensor, outputs, from: file)
      counts.add(down.counts)
      counts.add(up.counts)
      if counts.areFinite { values = Self.singularValues(down, up, scale: pair.scale) }
    } else {
      for tensor in [module.a, module.b].compactMap({ $0 }) { counts.add(try ValueCounts(tensor, in: file)) }
    }
    for tensor in [module.bBias, module.magnitude].compactMap({ $0 }) {
      counts.add(try ValueCounts(tensor, in: file))
    }
    self.init(nan: counts.nan, infinite: counts.infinite, zero: counts.zero)
    if let values, let largest = values.first { set(values, largest) }
  }

  /// Singular values of s·B·A over all experts, largest first.
  ///
  /// With B = Q₁R₁ and Aᵀ = Q₂R₂ they are those of s·R₁R₂ᵀ, which is only rank × rank. R₁ and R₂ are the Cholesky
  /// factors of BᵀB and AAᵀ where these lose little (`GramMatrix`), else those of reflections.
  private static func singularValues(_ down: FactorReading, _ up: FactorReading, scale: Double) -> [Double] {
    var values: [Double] = []
    for expert in down.triangles.indices {
      let (right, left) = (down.triangles[expert], up.triangles[expert])
      let exponents = zip(down.exponents[expert], up.exponents[expert]).map { $0 + $1 }
      let largest = exponents.max() ?? 0
      let weights = exponents.map { Double(sign: .plus, exponent: $0 - largest, significand: 1) }
      let core = left.product(with: right, weights: weights)
      values += LoRAKernels.singularValues(core, size: left.size).map {
        Double(sign: .plus, exponent: largest, significand: $0 * scale.magnitude)
      }
    }
    return values.sorted(by: >)
  }

  private mutating func set(_ values: [Double], _ largest: Double) {
    singularValues = Array(values.prefix(Self.spectrumLimit))
    guard largest > 0 else {
      (deltaFrobenius, deltaSpectral, effectiveRank) = (0, 0, 0)
      return
    }
    guard largest.isFinite else {
      singularValues = []
      return
    }
    let shares = values.map { ($0 / largest) * ($0 / largest) }
    let total = shares.reduce(0, +)
    var held = 0.0
    var count = 0
    while held < Self.energy * total, count < shares.count {
      held += shares[count]
      count += 1
    }
    deltaFrobenius = largest * total.squareRoot()
    deltaSpectral = largest
    effectiveRank = count
  }
}

extension BaseModel {
  /// ‖W‖ of a module in the Frobenius norm; nil when the base has no weights for it, or only quantised ones.
  package func weightNorm(of module: String) throws(IOError) -> Double? {
    guard let checkpoint, let match = match(module), !match.module.isQuantized else { return nil }
    var entries = [match.module.weight]
    if let runtime = match.runtime, runtime.isSplitByExpert || runtime.parts.count > 1 {
      entries = (0..<runtime.module.experts).flatMap { expert in
        runtime.parts(ofExpert: expert).map { modules[$0]?.weight }
      }
    }
    var sum = 0.0
    for entry in entries {
      guard let entry, entry.info.dtype.isFloat else { return nil }
      unsafe try checkpoint.files[entry.file].forEachChunk(of: entry.info) { values in
        if let start = values.baseAddress { unsafe sum += sumOfProducts(start, start, values.count) }
      }
    }
    return sum.squareRoot()
  }
}
