import ArgumentParser
import Compression
import JSON
import LoRAIO
import Safetensors

/// `lora-tool compress`.
struct CompressCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "compress",
    abstract: "Compress safetensors files so that every layer can be read by itself.",
    discussion: """
      Writes FILE.zst in the seekable zstd format: a frame for each layer, a table of the frames, checksums. \
      'zstd -d' and 'lora-tool decompress' restore the exact bytes, and every command of this program reads the \
      compressed file as it is. With --filter byte-plane it writes FILE.bpz, which is smaller and restored by this \
      program only. The input stays.
      """)

  @OptionGroup var arguments: CompressionArguments

  @OptionGroup var threads: ThreadArguments

  @OptionGroup var report: MakerReport

  @OptionGroup var terminal: TerminalOptions

  @Option(help: "Sort the bytes of numbers by significance before compressing: none or byte-plane.")
  var filter = CompressionFilter.none

  @Option(
    help: ArgumentHelp(
      "Level of compression, 1 (fast) to 22; what suits weights by default.", valueName: "number"))
  var level: Int?

  func validate() throws {
    if let level, !ZstdFrameEncoder.levels.contains(level) {
      throw ValidationError("--level wants a number of 1 to 22")
    }
  }

  func run() throws {
    try arguments.run("compress", report, terminal) { (input, run) throws(Failure) in try compress(input, run) }
  }

  private func compress(_ input: InputFile, _ run: CompressionRun) throws(Failure) -> CompressionReport {
    let start = CurrentProcess.monotonicSeconds
    let name = input.path
    if let ending = SafetensorsFile.compressedExtensions.first(where: { name.hasSuffix($0) }) {
      throw Failure("\(escaped(name)): the name ends with \(ending), so it is compressed already")
    }
    let pieces: [ArchivePiece]
    do throws(SafetensorsError) {
      pieces = try SafetensorsFile.open(input).header.archivePieces
    } catch {
      throw Failure("\(error)")
    }
    var writer = ArchiveWriter()
    writer.format = filter.format
    writer.level = level
    writer.workers = threads.workers
    let isStream = arguments.inputs.first == "-"
    let output = arguments.output ?? (isStream ? "-" : name + filter.format.fileExtension)
    let size = try run.write(
      output, total: arguments.verify ? 2 * input.size : input.size,
      { (file, control) throws(ArchiveError) in try writer.write(pieces, of: input, to: file, control: control) },
      check: { (written, control) throws(ArchiveError) in
        guard let archive = try ArchiveReader.open(written) else {
          throw ArchiveError(output, .malformed("the written file has no table of frames"))
        }
        try archive.compare(with: input, workers: threads.workers, control: control)
      })
    return CompressionReport(
      input: isStream ? "-" : name, output: output, inputBytes: input.size, outputBytes: size,
      seconds: CurrentProcess.monotonicSeconds - start, isVerified: arguments.verify, compresses: true,
      details: [
        "filter": .string(filter.rawValue), "level": level.map { .integer(Int64($0)) } ?? .null,
        "frames": .integer(Int64(pieces.count)),
      ])
  }
}
