import Compression
import Foundation
import LoRAEngines
import LoRAIO
import LoRAModel
import LoRATestSupport
import SlotCache
import Testing

@testable import LoRASlots
@testable import Safetensors

/// Adapters that are read, decompressed and packed in one go.
@Suite struct ReadingTests {
  private static let name = "llama-all-linear"
  private let folder: TemporaryFolder
  private let base: BaseModel

  init() throws {
    folder = try TemporaryFolder()
    base = try BaseModel.open(Fixtures.path("models/llama-bf16-sharded"))
  }

  /// The adapter's folder, its weights compressed in small pieces; nil leaves them as they are.
  private func copy(_ format: ArchiveFormat?, pieceBytes: UInt64 = 5000) throws -> String {
    let source = Fixtures.path("adapters/\(Self.name)")
    let name = format?.rawValue ?? "plain"
    try folder.write(
      "\(name)/adapter_config.json", try InputFile.contents(of: source + "/adapter_config.json", limit: 1 << 20))
    let weights = try InputFile(path: source + "/adapter_model.safetensors")
    let target = folder.path("\(name)/adapter_model.safetensors")
    guard let format else {
      try folder.write("\(name)/adapter_model.safetensors", try weights.bytes(at: 0, count: Int(weights.size)))
      return folder.path(name)
    }
    // A frame across the end of the header, as other writers make them.
    let pieces = stride(from: 0, to: weights.size, by: Int(pieceBytes)).map {
      ArchivePiece(offset: $0, count: Int(min(pieceBytes, weights.size - $0)), elementWidth: 2)
    }
    var writer = ArchiveWriter()
    writer.format = format
    _ = try writer.write(pieces, of: weights, to: try OutputFile(creating: target + format.fileExtension))
    return folder.path(name)
  }

  @Test(arguments: [nil, ArchiveFormat.zstd, .bytePlanes], [1, 4])
  func whatIsReadOnTheWayIsWhatWasReadBefore(_ format: ArchiveFormat?, _ workers: Int) throws {
    let adapter = Adapter.load(try copy(format), unpacking: .onDemand)
    let file = try #require(adapter.file)
    #expect(file.isCompressed == (format != nil) && (file.contents is ArchiveSource) == (format != nil))
    for parts in [1, 2] {
      let (device, memory) = try poisonedSlots(for: base, workers: workers) { options in
        options.tensorParallel = UInt64(parts)
        options.tensorRank = UInt64(parts - 1)
      }
      let staging = try device.allocateStaging(bytes: AdapterReading.room(for: file) + 512)
      unsafe staging.bytes.initializeMemory(as: UInt8.self, repeating: 0xEE)
      let plan = try PackingPlan(adapter, base: base, layout: memory.layout)
      // Pieces of a prime number of bytes: tensors and rows lie across them.
      let reading = AdapterReading(file, pieceBytes: 997)
      #expect(reading.pieces.first?.lowerBound == 0 && reading.pieces.last?.upperBound == file.dataBytes)
      #expect(zip(reading.pieces, reading.pieces.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
      let load = SlotLoad(plan: plan, staging: staging, start: 256, slot: 1, reading: reading)
      let loading = try memory.load([load])
      try loading.wait()
      let reference = try SlotReference(Adapter.load(adapter.path), base: base, layout: memory.layout)
      #expect(try memory.firstMismatch(inSlot: 1, with: reference) == nil)
      #expect(try memory.bytes(0, slot: 0).allSatisfy { $0 == 0xCD })
      // The staging memory has the data section verbatim, and nothing else was touched.
      let plain = try InputFile(path: Fixtures.path("adapters/\(Self.name)/adapter_model.safetensors"))
      let expected = try plain.bytes(at: file.header.dataStart, count: Int(file.dataBytes))
      let found = unsafe Array(staging.bytes)
      #expect(Array(found[256..<256 + expected.count]) == expected)
      #expect(found[..<256].allSatisfy { $0 == 0xEE } && found[(256 + expected.count)...].allSatisfy { $0 == 0xEE })
      let timings = loading.timings
      #expect(timings.disk > 0 && (timings.decompress > 0) == (format != nil))
      #expect(timings.firstStage > 0 && timings.firstStage <= timings.total)
    }
  }

  /// Files of any zstd tool: the frames of an archive without the table behind them.
  @Test(arguments: [UInt64(5000), 1 << 20], [1, 4])
  func aFileWithoutATableOfFramesIsDecodedStraightIntoItsPlace(
    _ pieceBytes: UInt64, _ workers: Int
  ) throws {
    let path = try copy(.zstd, pieceBytes: pieceBytes)
    let weights = path + "/adapter_model.safetensors.zst"
    let bytes = try InputFile.contents(of: weights, limit: 1 << 22)
    let frames = try #require(try ArchiveReader.open(try InputFile(path: weights))).frameCount
    try folder.write("zstd/adapter_model.safetensors.zst", Array(bytes.dropLast(8 + 12 * frames + 9)))
    let adapter = Adapter.load(path, unpacking: .onDemand)
    let file = try #require(adapter.file)
    #expect(file.contents is StreamSource)
    let plain = try InputFile(path: Fixtures.path("adapters/\(Self.name)/adapter_model.safetensors"))
    #expect(try file.headerBytes() == plain.bytes(at: 0, count: Int(file.header.dataStart)))
    let (device, memory) = try poisonedSlots(for: base, workers: workers)
    let staging = try device.allocateStaging(bytes: AdapterReading.room(for: file))
    let plan = try PackingPlan(adapter, base: base, layout: memory.layout)
    let reading = AdapterReading(file)
    #expect(reading.pieces == [0..<file.dataBytes])
    try memory.load([SlotLoad(plan: plan, staging: staging, start: 0, slot: 0, reading: reading)]).wait()
    let reference = try SlotReference(
      Adapter.load(Fixtures.path("adapters/\(Self.name)")), base: base, layout: memory.layout)
    #expect(try memory.firstMismatch(inSlot: 0, with: reference) == nil)
    // What reads at any offset still can.
    #expect(try file.contents.bytes(at: 0, count: Int(plain.size)) == plain.bytes(at: 0, count: Int(plain.size)))
    // Cut off behind the header: found when the data is read, and the slot is not taken for filled.
    try folder.write("zstd/adapter_model.safetensors.zst", Array(bytes.prefix(bytes.count / 2)))
    let broken = Adapter.load(path, unpacking: .onDemand)
    if let file = broken.file {
      let error = try #require(throws: SlotDeviceError.self) {
        try memory.load([
          SlotLoad(plan: plan, staging: staging, start: 0, slot: 0, reading: AdapterReading(file))
        ])
      }
      #expect("\(error)".contains(path), "\(error)")
    } else {
      #expect(!broken.findings.isEmpty)
    }
  }

  @Test(arguments: [nil, ArchiveFormat.zstd, .bytePlanes])
  func aFileThatIsDamagedOrShrinksIsNamedAndFillsNoSlot(_ format: ArchiveFormat?) throws {
    let path = try copy(format)
    let adapter = Adapter.load(path, unpacking: .onDemand)
    let weights = path + "/adapter_model.safetensors" + (format?.fileExtension ?? "")
    let (device, memory) = try poisonedSlots(for: base, workers: 3)
    let file = try #require(adapter.file)
    let staging = try device.allocateStaging(bytes: AdapterReading.room(for: file))
    let plan = try PackingPlan(adapter, base: base, layout: memory.layout)
    func load() throws {
      _ = try memory.load([SlotLoad(plan: plan, staging: staging, start: 0, slot: 0, reading: AdapterReading(file))])
    }
    try load()
    if format == nil {
      let result = unsafe truncate(weights, 4000)
      #expect(result == 0)
    } else {
      // A byte in the middle of some frame of the data.
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: weights))
      let middle = UInt64(try InputFile(path: weights).size / 2)
      try handle.seek(toOffset: middle)
      let byte = try #require(try handle.read(upToCount: 1)?.first)
      try handle.seek(toOffset: middle)
      try handle.write(contentsOf: Data([byte ^ 0x10]))
      try handle.close()
    }
    let error = try #require(throws: SlotDeviceError.self) { try load() }
    guard case .unreadable = error.reason else {
      Issue.record("\(error)")
      return
    }
    #expect("\(error)".contains(path) && !"\(error)".contains("host:"), "\(error)")
  }

  @Test func contentsHaveOneIdentityHoweverTheyAreStored() throws {
    var options = SlotOptions()
    options.slots = 1
    let layout = try SlotLayout(of: base, options)
    let slots = try AdapterPool(
      base: base, layout: layout, device: HostDevice(workers: 2), hostCapacity: 3, adapterBytes: 1 << 20, workers: 2)
    var digests: Set<String> = []
    for format in [nil, ArchiveFormat.zstd, .bytePlanes] {
      let number = try slots.register(try copy(format))
      let lease = try slots.acquire([number])[0]
      digests.insert("\(try #require(slots.digest(of: number)))")
      let reference = try SlotReference(
        Adapter.load(Fixtures.path("adapters/\(Self.name)")), base: base, layout: layout)
      #expect(try slots.memory().firstMismatch(inSlot: lease.handle.slot, with: reference) == nil)
    }
    #expect(digests.count == 1)
  }
}
