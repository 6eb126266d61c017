import Compression
import LoRAIO
import Safetensors
import TensorCore

let compressionBenchmark = Benchmark(
  name: "compression",
  summary:
    "compress and decompress weights: from=FILE (default: a made adapter of rank=16 dtype=bf16 values=random,young,fresh) "
    + "folder=/tmp runs=3 jobs=1,2 level=1,3,none"
) { options in
  try CompressionMeasurement(options).run()
}

/// Files through every format and level.
private struct CompressionMeasurement {
  private let adapters: BenchAdapters
  private let paths: [String]
  private let levels: [Int?]
  private let runs: Int
  private let jobs: [Int]

  init(_ options: Options) throws {
    adapters = try BenchAdapters(options)
    let rank = options.integers("rank", default: [16])[0]
    let dtypes = (options.list("dtype") ?? ["bf16"]).map { $0 == "f32" ? DType.f32 : .bf16 }
    let values = (options.list("values") ?? ["random"]).compactMap { BenchAdapters.Values(rawValue: $0) }
    if let from = options.list("from") {
      paths = from
    } else {
      let made = adapters
      paths = try dtypes.flatMap { dtype in
        try values.map {
          Folder.join(try made.path(rank: rank, dtype, alpha: 2, $0), "adapter_model.safetensors")
        }
      }
    }
    levels = (options.list("level") ?? ["1", "3", "none"]).map { Int($0) }
    runs = options.integers("runs", default: [3])[0]
    jobs = options.integers("jobs", default: [1, Workers.processorCount])
  }

  func run() throws {
    for path in paths { try run(path) }
    print("largest resident set of all of it: \(ByteCount(CurrentProcess.peakResidentBytes)), the content included")
  }

  private func run(_ path: String) throws {
    let file = try SafetensorsFile.open(path)
    let content = IOBuffer(count: Int(file.contents.size))
    unsafe try file.contents.read(into: content.bytes, at: 0)
    let copy = fastest(of: runs) { unsafe try? file.contents.read(into: content.bytes, at: 0) }
    print("\(path), \(ByteCount(file.contents.size)), best of \(runs)")
    print("reading the plain file: \(fixed(Double(content.count) / copy / 1e9, 2)) GB/s")
    print("      format    level  jobs  size %   compress GB/s  decompress GB/s  of content, each core; same bytes")
    for format in ArchiveFormat.allCases {
      for level in levels where level != nil || format == .bytePlanes {
        for jobs in jobs { try measure(file, content, format, level, jobs) }
      }
    }
  }

  private func measure(
    _ file: SafetensorsFile, _ content: borrowing IOBuffer, _ format: ArchiveFormat, _ level: Int?, _ jobs: Int
  ) throws {
    var writer = ArchiveWriter()
    writer.format = format
    writer.level = level
    writer.workers = jobs
    let pieces = file.header.archivePieces
    var archive: ArchiveReader?
    let compress = fastest(of: runs) {
      guard let output = try? OutputFile.temporary(),
        let size = try? writer.write(pieces, of: file.contents.file, to: output)
      else { return }
      archive = (try? output.reopened(size: size)).flatMap { try? ArchiveReader.open($0) }
    }
    guard let archive else { return print("\(format.rawValue): cannot be written") }
    // The data section alone, as host memory holds it: its tensors then lie on lines of the cache.
    let data = Int(file.header.dataStart)
    let restored = IOBuffer(count: content.count - data)
    let decompress = fastest(of: runs) {
      unsafe try? archive.read(into: restored.bytes, at: UInt64(data), workers: jobs)
    }
    let isSame = unsafe restored.bytes.elementsEqual(content.bytes[data...])
    let bytes = Double(content.count) / Double(jobs) / 1e9
    print(
      column(format.rawValue, 12) + column(level.map { "\($0)" } ?? "default", 9) + column("\(jobs)", 6)
        + column(fixed(Double(archive.input.size) / Double(content.count) * 100, 2), 8)
        + column(fixed(bytes / compress, 2), 16) + column(fixed(bytes / decompress, 2), 17) + "  "
        + (isSame ? "yes" : "NO"))
  }
}
