import Foundation
import JSON
import LoRAIO
import LoRAMerge
import LoRAModel
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

/// Merges onto quantised bases: the formats' own libraries made the bases, and float64 rounded once what is expected.
@Suite struct DequantizedMergeTests {
  struct Expected: Sendable, CustomStringConvertible {
    let name: String
    let base: String
    let adapter: String?
    let tensors: String
    var description: String { name }

    var options: MergeOptions {
      var options = MergeOptions()
      options.dequantizes = true
      return options
    }

    func plan(_ options: MergeOptions) throws -> MergePlan {
      try MergePlan.make(
        base: BaseModel.open(Fixtures.path("quantised/" + base)),
        adapters: adapter.map { [WeightedAdapter(Adapter.load(Fixtures.path("quantised/" + $0)))] } ?? [],
        options: options)
    }
  }

  static let all: [Expected] = {
    let rows = (try? Fixtures.json("quantised/quantised.json"))?.array ?? []
    return rows.compactMap { row in
      guard let name = row["name"]?.string, let base = row["base"]?.string, let tensors = row["expected"]?.string
      else { return nil }
      return Expected(name: name, base: base, adapter: row["adapter"]?.string, tensors: tensors)
    }
  }()

  @Test func theReferenceIsThere() { #expect(Self.all.count >= 25) }

  @Test(arguments: all)
  func everyElementIsTheExactSumRoundedOnce(_ expected: Expected) throws {
    let folder = try TemporaryFolder()
    let output = folder.path("merged")
    let plan = try expected.plan(expected.options)
    _ = try MergeExecutor(plan).run(to: output)
    let merged = try Checkpoint.open(output)
    let reference = try SafetensorsFile.open(Fixtures.path("quantised/" + expected.tensors))
    #expect(merged.tensors.keys.sorted() == reference.header.tensors.map(\.name).sorted())
    for tensor in reference.header.tensors {
      let found = try #require(merged.tensors[tensor.name], "\(tensor.name)")
      #expect(found.info.dtype == tensor.dtype && found.info.shape == tensor.shape, "\(tensor.name)")
      #expect(try merged.files[found.file].bytes(of: found.info) == reference.bytes(of: tensor), "\(tensor.name)")
    }
    let config = try String(contentsOfFile: Folder.join(output, "config.json"), encoding: .utf8)
    #expect(!config.contains("quantization") && config.contains("bfloat16"))
    var verifier = MergeVerifier(plan)
    verifier.depth = .full
    let verification = try verifier.run(on: output)
    #expect(verification.isSound && verification.elementsOffByOne == 0, "\(verification.discrepancies)")
  }

  @Test(arguments: all)
  func withoutAdapterItIsThePlainModel(_ expected: Expected) throws {
    let folder = try TemporaryFolder()
    var options = expected.options
    options.dtype = .f32
    let base = try BaseModel.open(Fixtures.path("quantised/" + expected.base))
    let dense = try #require(base.dequantized()?.checkpoint)
    let plan = try MergePlan.make(base: base, adapters: [], options: options)
    let output = folder.path("plain")
    _ = try MergeExecutor(plan).run(to: output)
    let plain = try Checkpoint.open(output)
    #expect(plain.tensors.count == dense.tensors.count)
    for (name, entry) in dense.tensors where entry.info.dtype == .f64 {
      let found = try #require(plain.tensors[name])
      #expect(found.info.dtype == .f32)
      let exact = try dense.files[entry.file].bytes(of: entry.info).values(of: Double.self)
      let stored = try plain.files[found.file].bytes(of: found.info).values(of: Float.self)
      #expect(stored == exact.map { Float($0) }, "\(name)")
    }
  }

  @Test func aPlainMergeOfAQuantisedBaseIsRefused() throws {
    let expected = try #require(Self.all.first)
    #expect {
      _ = try expected.plan(MergeOptions())
    } throws: {
      "\($0)".contains("quantised") && "\($0)".contains("--dequantize")
    }
  }

  @Test func theSameBytesComeFromAnyNumberOfThreadsAndAreResumed() throws {
    let expected = try #require(Self.all.first { $0.name == "fp8-block" })
    let folder = try TemporaryFolder()
    var options = expected.options
    options.maxShardBytes = 20_000
    for jobs in [1, 3] {
      var executor = MergeExecutor(try expected.plan(options))
      executor.jobs = jobs
      executor.resumes = jobs == 3
      _ = try executor.run(to: folder.path("\(jobs)"))
    }
    #expect(try Fixtures.contents(of: folder.path("1")) == Fixtures.contents(of: folder.path("3")))
    let again = try MergeExecutor(expected.plan(options)).plan.identity
    #expect(try expected.plan(options).identity == again)
  }
}

extension [UInt8] {
  /// The bytes as numbers of a type.
  func values<Number>(of type: Number.Type) -> [Number] {
    unsafe withUnsafeBytes { bytes in
      (0..<bytes.count / MemoryLayout<Number>.size).map {
        unsafe bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Number>.size, as: type)
      }
    }
  }
}
