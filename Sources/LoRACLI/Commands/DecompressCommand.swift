import ArgumentParser
import Compression
import JSON
import LoRAIO
import Safetensors

/// `lora-tool decompress`.
struct DecompressCommand: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "decompress",
    abstract: "Restore the exact bytes of compressed files.",
    discussion: """
      Takes zstd files of any kind and the byte-plane files of 'compress'. Checksums are compared always; --verify \
      also reads the result again. The compressed file stays.
      """)

  @OptionGroup var arguments: CompressionArguments

  @OptionGroup var threads: ThreadArguments

  @OptionGroup var report: MakerReport

  @OptionGroup var terminal: TerminalOptions

  func run() throws {
    try arguments.run("decompress", report, terminal) { (input, run) throws(Failure) in try decompress(input, run) }
  }

  private func decompress(_ input: InputFile, _ run: CompressionRun) throws(Failure) -> CompressionReport {
    let start = CurrentProcess.monotonicSeconds
    let isStream = arguments.inputs.first == "-"
    let output: String
    if let named = arguments.output { output = named } else { output = try isStream ? "-" : restoredName(input.path) }
    let archive: ArchiveReader?
    do throws(ArchiveError) { archive = try ArchiveReader.open(input) } catch { throw Failure("\(error)") }
    let total = archive?.contentSize ?? input.size
    let size = try run.write(
      output, total: arguments.verify ? 2 * total : total,
      { (file, control) throws(ArchiveError) in
        guard let archive else { return try StreamedContent.write(input, to: file, control: control) }
        try archive.write(to: file, workers: threads.workers, control: control)
        return archive.contentSize
      },
      check: { (written, control) throws(ArchiveError) in
        if let archive {
          try archive.compare(with: written, workers: threads.workers, control: control)
        } else {
          try StreamedContent.compare(input, with: written, control: control)
        }
      })
    return CompressionReport(
      input: isStream ? "-" : input.path, output: output, inputBytes: input.size, outputBytes: size,
      seconds: CurrentProcess.monotonicSeconds - start, isVerified: arguments.verify, compresses: false,
      details: [
        "filter": archive.map { .string(CompressionFilter($0.format).rawValue) } ?? .null,
        "frames": archive.map { .integer(Int64($0.frameCount)) } ?? .null,
      ])
  }

  private func restoredName(_ name: String) throws(Failure) -> String {
    guard let ending = SafetensorsFile.compressedExtensions.first(where: { name.hasSuffix($0) }),
      name.utf8.count > ending.utf8.count
    else {
      throw Failure("\(escaped(name)): the name ends with neither .zst nor .bpz; say with --output where to write")
    }
    return String(name.dropLast(ending.count))
  }
}
