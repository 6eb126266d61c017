import Diagnostics
import Glibc
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

@testable import LoRAValidate

/// Adapters that may be copies are read beside each other; of each the same must be found as if it were alone.
@Suite struct TwinsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let steps = "base_model.model.x.steps"

  /// Values of 32 bits that reach over the end of a read and over all pages of the sketch.
  private static let values: [UInt8] = {
    var random = SeededGenerator(seed: 5)
    let numbers = (0..<60_000).map { _ in Float(random.below(1_000)) }
    return unsafe numbers.withUnsafeBytes { unsafe [UInt8]($0) }
  }()

  /// An adapter with a tensor of these values, of which one is another.
  private func sample(_ dtype: DType = .f32, changing place: Int? = nil, to value: Float = 0) -> Sample {
    var bytes = Self.values
    if let place {
      let changed = unsafe withUnsafeBytes(of: value) { unsafe [UInt8]($0) }
      bytes.replaceSubrange(4 * place..<4 * place + 4, with: changed)
    }
    var sample = Sample.plain
    sample.tensors.append(Sample.Tensor(name: Self.steps, dtype: dtype, shape: [60_000], bytes: bytes))
    return sample
  }

  /// The same adapters again and again, in between such as differ in one element, in a type or in the header alone.
  @Test(arguments: [1, 3]) func theSameIsFoundAsAlone(workers: Int) throws {
    var paths = [try sample().write("same-0", in: folder)]
    for (number, place) in [12_000, 49_100, 49_152, 59_000].enumerated() {
      paths.append(try sample(changing: place, to: .nan).write("nan-\(place)", in: folder))
      paths.append(try sample(changing: place, to: .infinity).write("infinite-\(place)", in: folder))
      paths.append(try sample().write("same-\(number + 1)", in: folder))
    }
    paths.append(try sample(.i32).write("integers", in: folder))
    paths.append(try sample().write("noted", in: folder, metadata: [("format", "np")]))
    paths.append(try sample(changing: 12_000, to: .nan).write("again", in: folder))
    var options = ValidationOptions()
    options.workers = workers
    let report = Validation.run(paths, base: nil, options: options)
    for (path, result) in zip(paths, report.adapters) {
      let alone = Validation.run([path], base: nil, options: options).adapters[0]
      #expect(result.findings == alone.findings, "\(path)")
    }
    #expect(report.adapters.count { $0.findings.contains { $0.rule == .valueNaN } } == 5)
    #expect(report.fleet.duplicates.map(\.count) == [5, 2])
  }

  /// What the test above stands on: all of them have the sketch of the first, and are compared with it.
  @Test func copiesAreToldBySketches() throws {
    var another = sample()
    another.tensors[0].values?[0] += 1
    let paths = [
      try sample().write("one", in: folder), try sample(changing: 12_000, to: 0.5).write("other", in: folder),
      try Sample.plain.write("small", in: folder), try another.write("another", in: folder),
      try sample().write("two", in: folder),
    ]
    var twins = Twins()
    let files = paths.map { Adapter.load($0).file }
    let roles = twins.add(files)
    #expect(roles.map(\.twin) == [nil, 0, nil, nil, 0])
    #expect(roles.map(\.isDigested) == [true, true, true, false, true])
    // In a later batch the first of them stands for the others.
    let later = twins.add([files[4], files[0], files[3]])
    #expect(later.map(\.twin) == [nil, 0, nil] && later.map(\.isDigested) == [true, true, true])
    #expect(twins.late == [3])
  }

  /// A read that fails stops no other: where the first of several copies can no longer be read, each of them is looked
  /// at by itself.
  @Test func aTwinThatShrinks() throws {
    for shrunk in 0..<2 {
      let paths = try (0..<3).map { try sample().write("\(shrunk)-\($0)", in: folder) }
      let files = paths.map { Adapter.load($0).file }
      var twins = Twins()
      let roles = twins.add(files)
      let whole = ValuePass(files, roles: roles).run(workers: 1) { _ in }
      let result = unsafe truncate(paths[shrunk] + "/adapter_model.safetensors", 100_000)
      #expect(result == 0)
      for (number, outcome) in ValuePass(files, roles: roles).run(workers: 2, progress: { _ in }).enumerated() {
        #expect((outcome.failure == nil) == (number != shrunk))
        guard number != shrunk else { continue }
        #expect(outcome.content != nil && outcome.content == whole[number].content)
        #expect(outcome.values[Self.steps] != nil && outcome.values[Self.steps] == whole[number].values[Self.steps])
      }
    }
  }
}
