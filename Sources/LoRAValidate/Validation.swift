import LoRAIO
public import LoRAModel
import Safetensors

/// The whole check: many adapters, one report.
public enum Validation {
  /// What to call while the work goes on, from any thread.
  public struct Progress: Sendable {
    /// Bytes of values that were scanned.
    public let scanned: @Sendable (UInt64) -> Void
    /// Adapters that are finished.
    public let checked: @Sendable (Int) -> Void

    /// Two callbacks; both may be called at the same time.
    public init(scanned: @escaping @Sendable (UInt64) -> Void, checked: @escaping @Sendable (Int) -> Void) {
      self.scanned = scanned
      self.checked = checked
    }

    /// No callbacks.
    public static let none = Progress(scanned: { _ in }, checked: { _ in })
  }

  /// Most adapters that are open at the same time; bounds memory whatever the size of the fleet.
  private static let batchLimit = 64

  /// Adapters that are open at the same time: what the limit on open files leaves room for.
  ///
  /// A compressed adapter has two files open, and every thread may open a config and a folder besides.
  static func batchSize(freeDescriptors: Int, workers: Int) -> Int {
    max(1, min(batchLimit, (freeDescriptors - 2 * workers - 4) / 2))
  }

  /// Checks the adapters at these paths, as `AdapterDiscovery` gives them, and reports in their order.
  ///
  /// No adapter stops the others: whatever cannot be read is among its findings. The values of a single adapter are not
  /// read again where `values` says what they are like.
  public static func run(
    _ paths: [String], base: BaseModel?, options: ValidationOptions, values: AdapterValues? = nil,
    progress: Progress = .none
  ) -> ValidationReport {
    let chosen = options.shard.map { shard in paths.filter { shard.contains($0) } } ?? paths
    var results: [AdapterResult] = []
    var facts: [FleetMember] = []
    var twins = Twins()
    let tokenizers = Tokenizers(base: base, isForOne: chosen.count == 1)
    let loadedNames = base.map { LoadedNames($0) }
    let batchSize = batchSize(freeDescriptors: CurrentProcess.freeDescriptors, workers: options.workers)
    var start = 0
    while start < chosen.count {
      let batch = Array(chosen[start..<min(start + batchSize, chosen.count)])
      let checked = check(
        batch, base: base, loadedNames, tokenizers, &twins, options: options,
        known: chosen.count == 1 ? values : nil, progress: progress)
      for (result, member) in checked {
        results.append(result)
        facts.append(member)
      }
      start += batch.count
      progress.checked(start)
    }
    for position in twins.late {
      facts[position].content = content(of: chosen[position], workers: options.workers)
    }
    return ValidationReport(
      adapters: results, base: base.map { BaseResult($0, options.policy) }, fleet: Fleet(facts, options: options),
      options: options)
  }

  /// Adapters on servers that are opened at once; it is waiting more than computing.
  private static let remoteLoaders = 16

  /// Loads, scans and judges some adapters, each step on all threads.
  private static func check(
    _ paths: [String], base: BaseModel?, _ loadedNames: LoadedNames?, _ tokenizers: Tokenizers, _ twins: inout Twins,
    options: ValidationOptions, known: AdapterValues?, progress: Progress
  ) -> [(AdapterResult, FleetMember)] {
    let loaders = paths.contains { RemotePath.isRemote($0) } ? max(options.workers, remoteLoaders) : options.workers
    var adapters = parallel(paths.count, loaders) { Adapter.load(paths[$0]) }
    var values: [AdapterValues?] = Array(repeating: nil, count: adapters.count)
    var contents: [FileContent?] = Array(repeating: nil, count: adapters.count)
    if let known, adapters.allSatisfy(\.isSound) {
      values = adapters.map { _ in known }
    } else if !options.headerOnly {
      let files = adapters.map { $0.isSound ? $0.file : nil }
      let pass = ValuePass(files, roles: tokenizers.isForOne ? files.map { _ in Twins.Role() } : twins.add(files))
      for (position, outcome) in pass.run(workers: options.workers, progress: progress.scanned).enumerated() {
        values[position] = outcome.values
        contents[position] = outcome.content
        if let failure = outcome.failure {
          adapters[position].findings.append(.unreadable(failure, file: adapters[position].weightsPath))
        }
      }
    }
    let loaded = adapters
    let scanned = values
    let digested = contents
    return parallel(loaded.count, options.workers) { position in
      var context = ValidationContext(
        loaded[position], base: base, loadedNames, options: options, values: scanned[position])
      context.tokenizers = tokenizers.pair(for: loaded[position])
      let result = AdapterResult(loaded[position], context, findings: RuleSet.findings(in: context))
      let tokenizer = context.tokenizers?.adapter
      return (
        result,
        FleetMember(loaded[position], digested[position], tokenizer, isAlone: tokenizers.isForOne)
      )
    }
  }

  /// The digest of an adapter that was read before without it.
  private static func content(of path: String, workers: Int) -> FileContent? {
    let adapter = Adapter.load(path)
    guard adapter.isSound, let file = adapter.file else { return nil }
    return ValuePass([file], roles: [Twins.Role(isDigested: true)]).run(workers: workers) { _ in }[0].content
  }

  /// The results of `body` for 0 ..< count in order, computed on several threads.
  private static func parallel<Result: Sendable>(
    _ count: Int, _ workers: Int, _ body: @escaping @Sendable (Int) -> Result
  )
    -> [Result]
  {
    let slots = Slots<Result>(count)
    Workers.forEach(count: count, workers: workers) { slots.set($0, body($0)) }
    return slots.all
  }
}
