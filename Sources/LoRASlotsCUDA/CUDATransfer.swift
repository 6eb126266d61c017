import CUDADriver
import LoRAIO
import LoRASlots

/// The commands of one call that fills slots, in the order in which they are given.
///
/// Adapters that the kernel can read cross the bus as they lie in their files and are scattered on the device
/// (`CUDATransfer+Scatter.swift`); all others are packed by the host (`CUDATransfer+Pack.swift`).
struct CUDATransfer {
  let slots: CUDASlots
  let loads: [SlotLoad]
  var completions: CopyCompletions
  var timings = SlotTimings()
  /// Before the first command and behind the first chunk, where times are asked for; behind the last.
  let started: Milestone?
  let first: Milestone?
  let done: Milestone
  /// Behind the last copy to the device, where the kernel follows it.
  var lastCopy: Milestone?
  /// Stages that are in place when `first` has passed.
  var firstStages = 0
  private let begin = CurrentProcess.monotonicSeconds

  var context: CUDAContext { slots.device.context }

  init(_ loads: [SlotLoad], into slots: CUDASlots) throws(CUDAError) {
    self.slots = slots
    self.loads = loads
    completions = CopyCompletions(loads, workers: slots.device.workers)
    let isTimed = loads.contains(where: \.isTimed)
    started = isTimed ? try Milestone(slots.device.context) : nil
    first = isTimed ? try Milestone(slots.device.context) : nil
    done = try Milestone(slots.device.context)
  }

  /// Gives all commands; nothing has run when this returns.
  mutating func submit(through memory: inout TransferMemory) throws(SlotDeviceError) -> CUDALoading {
    let blocks = loads.map { scatterBlocks(of: $0) }
    let waits = try driving { (transfer) throws(CUDAError) in
      if let started = transfer.started {
        if blocks.contains(where: { $0 != nil }) {
          try transfer.record(started, on: transfer.slots.copies)
        } else {
          try transfer.record(started, on: transfer.slots.work)
        }
      }
      return try transfer.slots.order(after: transfer.loads.flatMap(\.readers))
    }
    timings.submissions += waits
    for index in loads.indices {
      let isLast = index == loads.count - 1
      let use = try driving { (transfer) throws(CUDAError) in
        TransferMemory.Use(
          copied: try Milestone(transfer.context), done: isLast ? transfer.done : try Milestone(transfer.context))
      }
      if let blocks = blocks[index] {
        try scatter(index, blocks, use, waits: waits, through: &memory)
      } else {
        try completions.fetchRest(of: index)
        try driving { (transfer) throws(CUDAError) in try transfer.pack(transfer.loads[index], through: &memory) }
      }
      guard !isLast else { continue }
      try driving { (transfer) throws(CUDAError) in try transfer.record(use.done, on: transfer.slots.work) }
    }
    try driving { (transfer) throws(CUDAError) in
      if transfer.firstStages == 0, let first = transfer.first { try transfer.record(first, on: transfer.slots.work) }
      try transfer.record(transfer.done, on: transfer.slots.work)
    }
    for index in loads.indices { try completions.fetchRest(of: index) }
    timings.disk = completions.threadSeconds.disk
    timings.decompress = completions.threadSeconds.decompress
    timings.host = CurrentProcess.monotonicSeconds - begin
    return CUDALoading(self)
  }

  /// Runs driver calls.
  mutating func driving<Value>(_ body: (inout Self) throws(CUDAError) -> Value) throws(SlotDeviceError) -> Value {
    do throws(CUDAError) { return try body(&self) } catch {
      throw slots.failure(error, "cannot load slot \(loads.map { "\($0.slot)" }.joined(separator: ", "))")
    }
  }

  // MARK: Commands, counted

  mutating func record(_ milestone: Milestone, on stream: borrowing CUDAStream) throws(CUDAError) {
    try milestone.event.record(on: stream)
    timings.submissions += 1
  }

  mutating func wait(_ stream: borrowing CUDAStream, for milestone: Milestone) throws(CUDAError) {
    try stream.wait(for: milestone.event)
    timings.submissions += 1
  }

  mutating func copy(_ bytes: UnsafeRawBufferPointer, to address: DeviceAddress, on stream: borrowing CUDAStream)
    throws(CUDAError)
  {
    unsafe try stream.copy(bytes, to: address)
    timings.submissions += 1
    timings.busBytes += UInt64(bytes.count)
  }
}
