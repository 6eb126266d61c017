package import LoRADeltas
import LoRAIO
import LoRAKernels
import Safetensors
import TensorCore

/// Writes drafts: a folder of files, or one file, that appears whole or not at all.
package struct DraftWriter: Sendable {
  package var workers: Int
  package let control: SurgeryControl

  package init(workers: Int = Workers.processorCount, control: SurgeryControl = SurgeryControl()) {
    (self.workers, self.control) = (workers, control)
  }

  private static let pieceBytes: UInt64 = 4 << 20

  /// Writes the files of a draft into a new folder, which then gets its name.
  ///
  /// - Parameter beside: work that a thread does meanwhile, last of all.
  package func write(
    _ draft: AdapterDraft, folder path: String, overwrites: Bool, beside: (@Sendable () -> Void)? = nil
  ) throws(SurgeryError) {
    let folder = try SurgeryError.catching { () throws(IOError) in
      try StagedFolder(for: path, overwrites: overwrites)
    }
    var jobs: [Job] = []
    for file in draft.files {
      let output = try SurgeryError.catching { () throws(IOError) in
        try OutputFile(creating: Folder.join(folder.staged, file.name), for: Folder.join(path, file.name))
      }
      let own = try begin(file, output)
      if own.isEmpty { try SurgeryError.catching { () throws(IOError) in try output.synchronize() } }
      jobs += own
    }
    try run(jobs, beside: beside)
    try control.check()
    try SurgeryError.catching { () throws(IOError) in try folder.publish() }
  }

  /// Writes one file of a draft under its own path.
  package func write(_ file: DraftFile, to path: String, overwrites: Bool) throws(SurgeryError) {
    let staged = try SurgeryError.catching { () throws(IOError) in try StagedFile(for: path, overwrites: overwrites) }
    try run(begin(file, staged.file))
    try control.check()
    try SurgeryError.catching { () throws(IOError) in try staged.publish() }
  }

  // MARK: Parts

  /// What one thread does to a file.
  private struct Job: Sendable {
    enum Work: Sendable {
      case whole(Computation<[UInt8]>)
      case copy(of: String)
      case part(DraftPart)
    }

    let target: SharedOutput
    let work: Work

    var isWhole: Bool { if case .whole = work { true } else { false } }
  }

  private func run(_ jobs: [Job], beside: (@Sendable () -> Void)? = nil) throws(SurgeryError) {
    // What one thread computes for itself, such as the digests of large inputs, must not be left to the end.
    let order = jobs.indices.filter { jobs[$0].isWhole } + jobs.indices.filter { !jobs[$0].isWhole }
    let count = jobs.count + (beside == nil ? 0 : 1)
    try Workers.forEach(count: count, workers: workers) { (index) throws(SurgeryError) in
      try control.check()
      if index == jobs.count { beside?() } else { try run(jobs[order[index]]) }
    }
  }

  private func run(_ job: Job) throws(SurgeryError) {
    try work(job)
    try SurgeryError.catching { () throws(IOError) in try job.target.finishJob() }
  }

  private func work(_ job: Job) throws(SurgeryError) {
    let output = job.target.file
    switch job.work {
    case .whole(let make):
      let bytes = try make()
      try SurgeryError.catching { () throws(IOError) in try output.write(bytes, at: 0) }
    case .copy(let path):
      let source = try SurgeryError.catching { () throws(IOError) in try InputFile(path: path) }
      try pieces(of: source.size, job.target) { (offset, step) throws(IOError) in
        try output.copy(from: source, at: offset, count: step, to: offset)
      }
    case .part(let part): try write(part, to: job.target)
    }
  }

  /// Writes what is known of a file and says what is left to do.
  private func begin(_ file: DraftFile, _ output: OutputFile) throws(SurgeryError) -> [Job] {
    func jobs(_ works: [Job.Work]) -> [Job] {
      let target = SharedOutput(output, jobs: works.count)
      return works.map { Job(target: target, work: $0) }
    }
    switch file.content {
    case .bytes(let bytes):
      try SurgeryError.catching { () throws(IOError) in try output.write(bytes, at: 0) }
      return []
    case .made(let make): return jobs([.whole(make)])
    case .copy(let path): return jobs([.copy(of: path)])
    case .laidOut(let file):
      try SurgeryError.catching { () throws(IOError) in
        try output.resize(to: file.size)
        try output.write(file.head, at: 0)
      }
      return jobs(file.parts.map { .part($0) })
    }
  }

  private func write(_ part: DraftPart, to target: SharedOutput) throws(SurgeryError) {
    let output = target.file
    switch part.content {
    case .copy(let file, let start, let count):
      try pieces(of: count, target) { (offset, step) throws(IOError) in
        try output.copy(from: file, at: start + offset, count: step, to: part.offset + offset)
      }
      control.add(part.units)
    case .finite(let tensor, let file):
      try copyFinite(tensor, of: file, target, at: part.offset)
      control.add(part.units)
    case .cast(let tensor, let file, let dtype):
      try cast(tensor, of: file, to: dtype, target, at: part.offset)
      control.add(part.units)
    case .made(let make):
      let pieces = try make()
      try SurgeryError.catching { () throws(IOError) in
        for (offset, bytes) in pieces { try output.write(bytes, at: offset) }
      }
      target.note(part.units)
      control.add(part.units)
    }
  }

  private func pieces(of count: UInt64, _ target: SharedOutput, _ body: (UInt64, UInt64) throws(IOError) -> Void)
    throws(SurgeryError)
  {
    var done: UInt64 = 0
    while done < count {
      try control.check()
      let step = min(Self.pieceBytes, count - done)
      try SurgeryError.catching { () throws(IOError) in try body(done, step) }
      target.note(step)
      done += step
    }
  }

  /// Copies a tensor in pieces, whose values are looked at on the way.
  private func copyFinite(_ tensor: TensorInfo, of file: SafetensorsFile, _ target: SharedOutput, at place: UInt64)
    throws(SurgeryError)
  {
    // A multiple of the three bytes of four packed elements.
    let step: UInt64 = 3 << 20
    let buffer = IOBuffer(count: Int(min(step, max(tensor.byteCount, 1))))
    var done: UInt64 = 0
    while done < tensor.byteCount {
      try control.check()
      let piece = unsafe UnsafeMutableRawBufferPointer(
        rebasing: buffer.bytes[..<Int(min(step, tensor.byteCount - done))])
      let scan = try SurgeryError.catching { () throws(IOError) in
        unsafe try file.read(tensor, from: done, into: piece)
        unsafe try target.file.write(UnsafeRawBufferPointer(piece), at: place + done)
        return unsafe Kernels.scan(UnsafeRawBufferPointer(piece), dtype: tensor.dtype)
      }
      guard scan.nanCount + scan.infinityCount == 0 else { throw .notFinite(tensor, of: file) }
      target.note(UInt64(piece.count))
      done += UInt64(piece.count)
    }
  }

  /// Packed elements of 6 bits come in groups of 4 of 3 bytes, so a multiple of 24 bits never cuts one.
  private func cast(
    _ tensor: TensorInfo, of file: SafetensorsFile, to dtype: DType, _ target: SharedOutput, at place: UInt64
  ) throws(SurgeryError) {
    let step: UInt64 = 3 << 18
    let source = IOBuffer(count: Int(step * tensor.dtype.bits / 8))
    let output = IOBuffer(count: Int(step * dtype.bits / 8))
    var first: UInt64 = 0
    while first < tensor.elementCount {
      try control.check()
      let count = min(step, tensor.elementCount - first)
      let infinite = try SurgeryError.catching { () throws(IOError) in
        let input = unsafe UnsafeMutableRawBufferPointer(
          rebasing: source.bytes[..<Int((count * tensor.dtype.bits + 7) / 8)])
        unsafe try file.read(tensor, from: first * tensor.dtype.bits / 8, into: input)
        let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: output.bytes[..<Int(count * dtype.bits / 8)])
        let infinite = unsafe Kernels.convert(
          UnsafeRawBufferPointer(input), dtype: tensor.dtype, count: Int(count), to: dtype, output: bytes)
        unsafe try target.file.write(UnsafeRawBufferPointer(bytes), at: place + first * dtype.bits / 8)
        return infinite
      }
      guard infinite == 0 else {
        throw .refused(
          file.path, subject: tensor.name, "\(grouped(infinite)) of its values are too large for \(dtype.name)",
          hint: "write the adapter in another type with --dtype")
      }
      target.note(count * dtype.bits / 8)
      first += count
    }
  }
}

extension OutputFile {
  /// Copies bytes of a file's uncompressed contents.
  fileprivate func copy(from file: SafetensorsFile, at start: UInt64, count: UInt64, to offset: UInt64)
    throws(IOError)
  {
    if !file.isCompressed { return try copy(from: file.contents.file, at: start, count: count, to: offset) }
    try write(file.contents.bytes(at: start, count: Int(count)), at: offset)
  }
}
