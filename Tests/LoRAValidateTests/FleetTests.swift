import Diagnostics
import JSON
import LoRAEngines
import LoRATestSupport
import LoRAValidate
import TensorCore
import Testing

@Suite struct FleetTests {
  private let bench: Bench

  init() throws { bench = try Bench() }

  private func sample(_ seed: UInt64) -> Sample {
    var random = SeededGenerator(seed: seed)
    return Sample.honest(&random)
  }

  @Test func equalOnesOfOneRankAndBaseAreFine() throws {
    var other = Sample.plain
    other.tensors[0].values?[0] += 1
    let report = bench.report([
      try Sample.plain.write("a/first", in: bench.folder), try other.write("a/second", in: bench.folder),
    ])
    #expect(report.fleet.findings.isEmpty && report.status == .pass)
    #expect(report.fleet.paddingBytes == 0)
  }

  @Test func mixedRanksWasteSlots() throws {
    var large = Sample.plain
    for position in large.tensors.indices {
      let shape = large.tensors[position].shape
      large.resize(position, to: position % 2 == 0 ? [16, shape[1]] : [shape[0], 16])
    }
    large.config["r"] = 16
    let paths = [
      try Sample.plain.write("small", in: bench.folder), try large.write("large", in: bench.folder),
    ]
    var options = ValidationOptions()
    options.serving.maxLoRARank = 32
    let report = bench.report(paths, options: options)
    #expect(report.fleet.findings.map(\.rule) == [.fleetMixedRanks])
    #expect(report.fleet.paddedRank == 32)
    let width = Sample.plain.tensors.enumerated().reduce(UInt64(0)) {
      $0 + $1.element.shape[$1.offset % 2 == 0 ? 1 : 0]
    }
    #expect(report.fleet.slotBytes == 2 * width * 32 * 2)
    #expect(report.fleet.paddingBytes == width * 2 * (32 - Sample.plain.rank + 32 - 16))
    // A note alone does not make a fleet doubtful.
    #expect(report.status == .pass)
  }

  @Test func copiesAreFoundByContent() throws {
    var almost = Sample.plain
    almost.tensors[1].values?[3] += 1
    let paths = [
      try Sample.plain.write("one", in: bench.folder), try almost.write("two", in: bench.folder),
      try Sample.plain.write("three", in: bench.folder),
    ]
    let report = bench.report(paths)
    #expect(report.fleet.findings.map(\.rule) == [.fleetDuplicate])
    #expect(report.fleet.duplicates == [[paths[0], paths[2]]])
    #expect(report.status == .warn)
  }

  /// Equal means every byte: of the header, of values that are not scanned, of the last of many reads, whichever batch
  /// of open files and whichever thread they come in.
  @Test(arguments: [1, 3]) func oneByteAnywhereMakesAnother(workers: Int) throws {
    var sample = Sample.plain
    sample.tensors.append(
      Sample.Tensor(
        name: "base_model.model.x.steps", dtype: .u8, shape: [500_000], bytes: [UInt8](repeating: 3, count: 500_000)))
    var paths = try (0..<70).map { try sample.write("same-\($0)", in: bench.folder) }
    let same = paths
    for place in [0, 196_607, 196_608, 499_999] {
      var other = sample
      other.tensors[other.tensors.count - 1].bytes?[place] = 4
      paths.insert(try other.write("other-\(place)", in: bench.folder), at: paths.count / 2)
    }
    paths.append(try sample.write("noted", in: bench.folder, metadata: [("format", "np")]))
    var options = ValidationOptions()
    options.workers = workers
    #expect(Validation.run(paths, base: nil, options: options).fleet.duplicates == [same])
    // Of values that are not read nothing is said.
    options.headerOnly = true
    #expect(Validation.run(paths, base: nil, options: options).fleet.duplicates.isEmpty)
  }

  /// Files whose sketches differ are not digested; a copy that comes when its twin has long been closed is still found,
  /// and one that differs between the pages of the sketch is none.
  @Test(arguments: [1, 3]) func copiesFarApartAreFound(workers: Int) throws {
    var sample = Sample.plain
    sample.tensors.append(
      Sample.Tensor(
        name: "base_model.model.x.steps", dtype: .u8, shape: [200_000], bytes: [UInt8](repeating: 3, count: 200_000)))
    let twin = try sample.write("first", in: bench.folder)
    var paths = [twin]
    for number in 0..<130 {
      var other = sample
      other.tensors[other.tensors.count - 1].bytes?.append(UInt8(number % 7))
      other.tensors[other.tensors.count - 1].shape = [200_001]
      other.tensors[0].values?[0] = Float(number)
      paths.append(try other.write("other-\(number)", in: bench.folder))
    }
    var near = sample
    near.tensors[near.tensors.count - 1].bytes?[20_000] = 9
    paths.append(try near.write("near", in: bench.folder))
    paths.append(try sample.write("last", in: bench.folder))
    var options = ValidationOptions()
    options.workers = workers
    #expect(Validation.run(paths, base: nil, options: options).fleet.duplicates == [[twin, paths[paths.count - 1]]])
  }

  @Test func basesAndNamesAreCompared() throws {
    var other = sample(7)
    other.tensors[0].values?[0] += 1
    other.config["base_model_name_or_path"] = "example/other"
    let paths = [
      try Sample.plain.write("de/support", in: bench.folder), try other.write("fr/support", in: bench.folder),
    ]
    let report = bench.report(paths, withBase: false)
    #expect(report.fleet.findings.map(\.rule) == [.fleetMixedBases, .fleetNameCollision])
    #expect(report.fleet.bases == ["example/small-llama": 1, "example/other": 1])
    #expect(report.json(toolVersion: "1")["fleet"]?["name_collisions"]?.array?.count == 1)
  }

  @Test func manyAdaptersComeInOrder() throws {
    let paths = try (0..<150).map { try sample(UInt64($0)).write("tenant-\($0)", in: bench.folder) }
    let report = bench.report(paths)
    #expect(report.adapters.map(\.path) == paths)
    #expect(report.adapters.allSatisfy { $0.status == .pass })
  }
}
