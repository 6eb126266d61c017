import LoRAIO
import Synchronization
import TensorCore

/// Slots in plain memory, filled by this machine's processors.
public final class HostDevice: SlotDevice {
  /// Number of threads that pack.
  public let workers: Int

  /// A device that packs with `workers` threads; by default as many as there are processors.
  public init(workers: Int? = nil) { self.workers = max(workers ?? Workers.processorCount, 1) }

  /// `host`.
  public var name: String { "host" }
  /// `host memory`.
  public var title: String { "host memory" }
  /// Memory that the system can give.
  public var freeBytes: UInt64? { HostMemory.available }

  /// Plain memory, touched once so that reading into it costs no page faults.
  public func allocateStaging(bytes: UInt64) throws(SlotDeviceError) -> any StagingMemory {
    let memory = try HostMemory(bytes: bytes, for: "the host pool")
    memory.settle()
    return memory
  }

  /// Zeroed memory for all buffers in one piece.
  public func allocateSlots(_ layout: SlotLayout) throws(SlotDeviceError) -> any SlotMemory {
    try HostSlots(layout, workers: workers)
  }
}

/// The buffers of a layout in plain memory.
@safe final class HostSlots: SlotMemory {
  let layout: SlotLayout
  private let memory: HostMemory
  private let workers: Int

  init(_ layout: SlotLayout, workers: Int) throws(SlotDeviceError) {
    self.layout = layout
    self.workers = workers
    memory = try HostMemory(bytes: layout.totalBytes, for: "\(layout.slots) slots")
    memory.settle()
  }

  /// A part of a load that one thread does: some blocks, or some rows of one.
  private struct Task: Sendable {
    var load: Int
    var stage: Int
    var blocks: Range<Int>
    var rows: Range<UInt64>?
  }

  /// Bytes that a task writes at least, unless its stage ends: many tasks for each thread, few for each second.
  private static let grain: UInt64 = 1 << 19

  /// Packs at once; what comes back has ended.
  func load(_ loads: [SlotLoad]) throws(SlotDeviceError) -> any SlotLoading {
    let start = CurrentProcess.monotonicSeconds
    for load in loads {
      try check(load)
      for reader in load.readers { try reader.wait() }
    }
    let tasks = loads.indices.flatMap { split(loads[$0].plan, load: $0) }
    let first = Mutex((left: tasks.count { $0.stage == 0 }, seconds: 0.0))
    Workers.forEach(count: tasks.count, workers: workers) { index in
      self.run(tasks[index], loads)
      guard tasks[index].stage == 0 else { return }
      first.withLock { state in
        state.left -= 1
        if state.left == 0 { state.seconds = CurrentProcess.monotonicSeconds - start }
      }
    }
    var timings = SlotTimings()
    timings.total = CurrentProcess.monotonicSeconds - start
    timings.host = timings.total
    timings.firstStage = first.withLock { $0.seconds }
    timings.busBytes = loads.reduce(0) { $0 + $1.plan.liveBytes }
    timings.submissions = loads.count
    return FinishedLoading(timings: timings)
  }

  private func check(_ load: SlotLoad) throws(SlotDeviceError) {
    let (end, overflow) = UInt64(max(load.start, 0)).addingReportingOverflow(load.plan.sourceBytes)
    guard load.slot >= 0, load.slot < layout.slots, load.start >= 0, !overflow,
      end <= UInt64(load.staging.byteCount), load.plan.blocks.allSatisfy({ layout.contains($0) })
    else {
      throw SlotDeviceError(device: "host", .unsupported, "the load does not fit its slot or its staging memory")
    }
  }

  private func split(_ plan: PackingPlan, load: Int) -> [Task] {
    var tasks: [Task] = []
    let size = layout.dtype.bits / 8
    for (stage, part) in plan.stages.enumerated() {
      var first = part.blocks.lowerBound
      var bytes: UInt64 = 0
      func finish(at end: Int) {
        if first < end { tasks.append(Task(load: load, stage: stage, blocks: first..<end)) }
        (first, bytes) = (end, 0)
      }
      var position = first
      while position < part.blocks.upperBound {
        let block = plan.blocks[position]
        let together = Self.interleaved(plan, from: position, to: part.blocks.upperBound)
        let own = block.rows * block.columns * size
        if block.rows > 1, own > 2 * Self.grain || together > 1 {
          finish(at: position)
          let end = position + together
          let step = max(1, Self.grain / (block.columns * size * UInt64(together)))
          for row in stride(from: 0, to: block.rows, by: Int(step)) {
            let rows = row..<min(block.rows, row + step)
            tasks.append(Task(load: load, stage: stage, blocks: position..<end, rows: rows))
          }
          position = end
          first = end
          continue
        }
        bytes += own
        position += 1
        if bytes >= Self.grain { finish(at: position) }
      }
      finish(at: part.blocks.upperBound)
    }
    return tasks
  }

  /// How many blocks from one on take their elements in turn, as the experts of a stack do: what one of them leaves of a
  /// cache line, the next ones take.
  private static func interleaved(_ plan: PackingPlan, from first: Int, to end: Int) -> Int {
    guard let source = plan.blocks[first].source, source.columnStride > 1, source.rowStride > source.columnStride else {
      return 1
    }
    let size = source.dtype.bits / 8
    var count = 1
    while first + count < end, let next = plan.blocks[first + count].source,
      next.start == source.start + UInt64(count) * size, next.rowStride == source.rowStride,
      next.columnStride == source.columnStride, plan.blocks[first + count].rows == plan.blocks[first].rows
    { count += 1 }
    return count
  }

  private func run(_ task: Task, _ loads: [SlotLoad]) {
    let load = loads[task.load]
    let size = Int(layout.dtype.bits / 8)
    let end = load.start + Int(load.plan.sourceBytes)
    let data = unsafe UnsafeRawBufferPointer(rebasing: load.staging.bytes[load.start..<end])
    for position in task.blocks {
      let block = load.plan.blocks[position]
      let start = Int(layout.offset(buffer: block.buffer, slot: load.slot)) + Int(block.start) * size
      let count = Int(block.rows * block.columns) * size
      let output = unsafe UnsafeMutableRawBufferPointer(rebasing: memory.bytes[start..<start + count])
      unsafe HostPacker.pack(block, dtype: layout.dtype, from: data, into: output, rows: task.rows)
    }
  }

  func clear(slot: Int, after readers: [any SlotFence]) throws(SlotDeviceError) -> any SlotFence {
    for reader in readers { try reader.wait() }
    for index in layout.buffers.indices { unsafe set(piece(index, slot), 0) }
    return FinishedLoading(timings: SlotTimings())
  }

  func read(buffer: Int, slot: Int, into output: UnsafeMutableRawBufferPointer) throws(SlotDeviceError) {
    let piece = unsafe piece(buffer, slot)
    guard output.count == piece.count else {
      throw SlotDeviceError(
        device: "host", .unsupported, "a buffer of \(piece.count) bytes was to be read into \(output.count)")
    }
    unsafe output.copyMemory(from: UnsafeRawBufferPointer(piece))
  }

  func fill(with byte: UInt8) throws(SlotDeviceError) { unsafe set(memory.bytes, byte) }

  private func piece(_ buffer: Int, _ slot: Int) -> UnsafeMutableRawBufferPointer {
    let start = Int(layout.offset(buffer: buffer, slot: slot))
    return unsafe UnsafeMutableRawBufferPointer(
      rebasing: memory.bytes[start..<start + Int(layout.buffers[buffer].slotBytes)])
  }

  private func set(_ bytes: UnsafeMutableRawBufferPointer, _ byte: UInt8) {
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: byte)
  }
}

/// Work that has ended.
final class FinishedLoading: SlotLoading {
  let timings: SlotTimings
  init(timings: SlotTimings) { self.timings = timings }
  var isDone: Bool { true }
  func wait() throws(SlotDeviceError) {}
  func wait(stages count: Int) throws(SlotDeviceError) {}
}

extension SlotLayout {
  /// Whether a block lies inside the slot's piece of its buffer.
  public func contains(_ block: PackingBlock) -> Bool {
    guard buffers.indices.contains(block.buffer) else { return false }
    let (elements, a) = block.rows.multipliedReportingOverflow(by: block.columns)
    let (end, b) = elements.addingReportingOverflow(block.start)
    return !a && !b && end <= buffers[block.buffer].slotBytes / (dtype.bits / 8)
      && block.source.map { $0.rows <= block.rows && $0.columns <= block.columns } ?? true
  }
}
