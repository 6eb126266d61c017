import CUDADriver
import LoRASlots

/// Loads whose bytes go to the device as they lie in the file, where launches scatter them: only live bytes cross the bus.
extension CUDATransfer {
  /// The kernel's entries for each stage of a load, or nil when the kernel cannot do all of them.
  func scatterBlocks(of load: SlotLoad) -> [[ScatterBlock]]? {
    guard slots.device.kernel != nil else { return nil }
    var stages: [[ScatterBlock]] = []
    for stage in load.plan.stages {
      let entries = ScatterBlock.entries(for: load.plan.blocks[stage.blocks], dtype: slots.layout.dtype) {
        slots.address(buffer: $0, slot: load.slot)
      }
      guard let entries else { return nil }
      stages.append(entries)
    }
    return stages.joined().reduce(UInt64(0)) { $0 + $1.tiles } < 1 << 31 ? stages : nil
  }

  /// Copies one adapter chunk by chunk, each followed by its launch.
  ///
  /// - Parameter waits: commands that went into waiting for readers.
  mutating func scatter(
    _ index: Int, _ stages: [[ScatterBlock]], _ use: TransferMemory.Use, waits: Int,
    through memory: inout TransferMemory
  ) throws(SlotDeviceError) {
    let load = loads[index]
    let entries = stages.reduce(0) { $0 + $1.count }
    let (data, table, launches, plan) = try driving { (transfer) throws(CUDAError) in
      let data = try memory.place(transfer.context, adapterBytes: Int(load.plan.sourceBytes), for: use)
      let table = try memory.place(
        transfer.context, tableBytes: max(entries, 1) * ScatterBlock.bytes, for: use)
      let (before, between) = (try Self.pending(table.earlier), try Self.pending(data.earlier))
      let plan = TransferPlan(
        load.plan, isAlone: transfer.loads.count == 1, waits: waits + before.count + between.count)
      for done in before { try transfer.wait(transfer.slots.copies, for: done) }
      let launches = unsafe Self.write(table.host, plan, stages, data: data.address)
      unsafe try transfer.copy(UnsafeRawBufferPointer(table.host), to: table.address, on: transfer.slots.copies)
      for done in between { try transfer.wait(transfer.slots.copies, for: done) }
      return (data.address, table.address, launches, plan)
    }
    for (position, chunk) in plan.chunks.enumerated() {
      // While the bus moves the chunk before.
      try completions.fetch(chunk.copies, of: index)
      let isLast = position == plan.chunks.count - 1
      try driving { (transfer) throws(CUDAError) in
        let copied = isLast ? use.copied : try Milestone(transfer.context)
        try transfer.submit(chunk, of: load, to: data, copied)
        try transfer.launch(launches[position], table)
        if index == 0, position == 0, let first = transfer.first {
          transfer.firstStages = transfer.loads.count == 1 ? chunk.stages.upperBound : 0
          if transfer.firstStages > 0 { try transfer.record(first, on: transfer.slots.work) }
        }
      }
    }
    lastCopy = use.copied
  }

  /// Queues the copies of a chunk, and lets the launch behind them wait.
  private mutating func submit(
    _ chunk: TransferPlan.Chunk, of load: SlotLoad, to data: DeviceAddress, _ copied: Milestone
  ) throws(CUDAError) {
    for range in chunk.copies {
      let from = load.start + Int(range.lowerBound)
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: load.staging.bytes[from..<from + range.count])
      unsafe try copy(bytes, to: data + range.lowerBound, on: slots.copies)
    }
    try record(copied, on: slots.copies)
    try wait(slots.work, for: copied)
  }

  private mutating func launch(_ launch: Launch, _ table: DeviceAddress) throws(CUDAError) {
    guard launch.tiles > 0, let kernel = slots.device.kernel else { return }
    let entries = table + UInt64(launch.entries.lowerBound * ScatterBlock.bytes)
    try kernel.launch(
      on: slots.work, grid: UInt32(launch.tiles), threads: ScatterKernel.threads,
      [entries, UInt64(launch.entries.count)])
    timings.submissions += 1
  }

  // MARK: The table

  /// One launch: its entries of the table, and the groups that they take.
  struct Launch {
    var entries: Range<Int>
    var tiles: UInt64
  }

  /// Writes the table of all launches of a load; returns what each launch takes of it.
  private static func write(
    _ table: UnsafeMutableRawBufferPointer, _ transfer: TransferPlan, _ stages: [[ScatterBlock]], data: DeviceAddress
  ) -> [Launch] {
    var position = 0
    return transfer.chunks.map { chunk in
      var launch = Launch(entries: position..<position, tiles: 0)
      for entry in stages[chunk.stages].joined() {
        let place = position * ScatterBlock.bytes
        unsafe entry.write(
          to: UnsafeMutableRawBufferPointer(rebasing: table[place..<place + ScatterBlock.bytes]),
          firstTile: UInt32(launch.tiles), data: data)
        launch.tiles += entry.tiles
        position += 1
      }
      launch.entries = launch.entries.lowerBound..<position
      return launch
    }
  }

  /// The ends of uses that are not over.
  private static func pending(_ uses: [TransferMemory.Use]) throws(CUDAError) -> [Milestone] {
    var pending: [Milestone] = []
    for use in uses where try !use.done.event.isPassed() { pending.append(use.done) }
    return pending
  }
}
