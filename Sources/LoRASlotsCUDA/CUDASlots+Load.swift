import CUDADriver
import LoRAIO
package import LoRASlots
import TensorCore

extension CUDASlots {
  /// Starts to fill slots.
  ///
  /// With the kernel, one adapter takes at most 16 commands: its bytes go to the device as they lie in the file, and
  /// launches scatter them, so that only live bytes cross the bus. Without it, or for types that it does not read, the
  /// slot is packed on the host and copied piece by piece.
  package func load(_ loads: [SlotLoad]) throws(SlotDeviceError) -> any SlotLoading {
    let start = CurrentProcess.monotonicSeconds
    for load in loads {
      try check(load.slot)
      let end = UInt64(load.staging.byteCount)
      guard load.start >= 0, UInt64(load.start) <= end, load.plan.sourceBytes <= end - UInt64(load.start) else {
        throw SlotDeviceError(device: device.name, .unsupported, "the adapter does not lie in the staging memory")
      }
    }
    let bench = benches.take()
    do throws(SlotDeviceError) {
      let blocks = try driving(loads) { () throws(CUDAError) in try kernelBlocks(loads, bench) }
      guard let blocks else { return try copyPacked(loads, bench, start) }
      return try scatter(loads, blocks, bench, start)
    } catch {
      halt()
      benches.put(bench)
      throw error
    }
  }

  /// Runs driver calls of a load.
  private func driving<Value: ~Copyable>(_ loads: [SlotLoad], _ body: () throws(CUDAError) -> Value)
    throws(SlotDeviceError) -> Value
  {
    do throws(CUDAError) { return try body() } catch {
      throw failure(error, "cannot load slot \(loads.map { "\($0.slot)" }.joined(separator: ", "))")
    }
  }

  // MARK: With the kernel

  /// The kernel's blocks of every load, or nil when the kernel cannot do all of them.
  private func kernelBlocks(_ loads: [SlotLoad], _ bench: TransferScratch) throws(CUDAError) -> [[ScatterBlock]]? {
    guard device.kernel != nil else { return nil }
    var bytes: UInt64 = 0
    var offsets: [UInt64] = []
    for load in loads {
      offsets.append(bytes)
      bytes += (load.plan.sourceBytes + 255) / 256 * 256
    }
    let blob = try bench.blob(device.context, bytes: Int(bytes))
    var result: [[ScatterBlock]] = []
    for (load, offset) in zip(loads, offsets) {
      var blocks: [ScatterBlock] = []
      blocks.reserveCapacity(load.plan.blocks.count)
      for block in load.plan.blocks {
        let target = address(buffer: block.buffer, slot: load.slot)
        guard let entry = ScatterBlock(block, dtype: layout.dtype, target: target, data: blob + offset) else {
          return nil
        }
        blocks.append(entry)
      }
      let tiles = blocks.reduce(UInt64(0)) { $0 + $1.tiles }
      guard tiles < 1 << 31 else { return nil }
      result.append(blocks)
    }
    return result
  }

  private func scatter(_ loads: [SlotLoad], _ blocks: [[ScatterBlock]], _ bench: TransferScratch, _ start: Double)
    throws(SlotDeviceError) -> CUDALoading
  {
    let context = device.context
    let readers = loads.flatMap(\.readers)
    let plan = TransferPlan(loads.map(\.plan), waits: readers.count)
    var timings = SlotTimings()
    var arrivals = CopyCompletions(loads, workers: device.workers)
    let launches = try driving(loads) { () throws(CUDAError) in
      try bench.prepare(context, chunks: plan.chunks.count)
      return try writeTable(plan, loads, blocks, bench)
    }
    let started = try driving(loads) { () throws(CUDAError) in try CUDAEvent(context) }
    let first = try driving(loads) { () throws(CUDAError) in try CUDAEvent(context) }
    let done = try driving(loads) { () throws(CUDAError) in try CUDAEvent(context) }
    try driving(loads) { () throws(CUDAError) in
      try started.record(on: copies)
      unsafe try copies.copy(UnsafeRawBufferPointer(launches.host), to: launches.table)
      try order(after: readers)
    }
    for (index, chunk) in plan.chunks.enumerated() {
      // While the bus moves the chunk before.
      try arrivals.fetch(chunk)
      try driving(loads) { () throws(CUDAError) in
        timings.busBytes += try submit(chunk, index, of: loads, launches, bench)
        if index == 0 { try first.record(on: work) }
      }
    }
    try driving(loads) { () throws(CUDAError) in
      if plan.chunks.isEmpty { try first.record(on: work) }
      try done.record(on: work)
    }
    try arrivals.fetchRest()
    timings.busBytes += UInt64(launches.hostBytes)
    timings.submissions = plan.submissions + readers.count
    timings.disk = arrivals.threadSeconds.disk
    timings.decompress = arrivals.threadSeconds.decompress
    timings.host = CurrentProcess.monotonicSeconds - start
    return CUDALoading(
      self, bench: bench, started: started, first: first, done: done,
      lastCopy: plan.chunks.isEmpty ? nil : bench.copied[plan.chunks.count - 1],
      firstStages: loads.count == 1 ? plan.chunks.first?.stages.upperBound ?? 0 : 0,
      stagings: loads.map(\.staging), timings)
  }

  /// Queues the copies of a chunk and the launch that scatters it; returns the bytes that cross the bus.
  private func submit(
    _ chunk: TransferPlan.Chunk, _ index: Int, of loads: [SlotLoad], _ launches: Launches, _ bench: TransferScratch
  ) throws(CUDAError) -> UInt64 {
    let load = loads[chunk.load]
    var base = try bench.blob(device.context, bytes: 0)
    for earlier in loads[..<chunk.load] { base += (earlier.plan.sourceBytes + 255) / 256 * 256 }
    var moved: UInt64 = 0
    for range in chunk.copies {
      let from = load.start + Int(range.lowerBound)
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: load.staging.bytes[from..<from + range.count])
      unsafe try copies.copy(bytes, to: base + range.lowerBound)
      moved += UInt64(range.count)
    }
    try bench.copied[index].event.record(on: copies)
    try work.wait(for: bench.copied[index].event)
    let launch = launches.entries[index]
    if launch.tiles > 0, let kernel = device.kernel {
      try kernel.launch(
        on: work, grid: UInt32(launch.tiles), threads: ScatterKernel.threads, [launch.address, launch.count])
    }
    return moved
  }

  /// The table of all launches, and for each chunk its part of it.
  @safe private struct Launches {
    var table: UInt64
    var host: UnsafeMutableRawBufferPointer
    var entries: [(address: UInt64, count: UInt64, tiles: UInt64)]
    var hostBytes: Int { unsafe host.count }
  }

  private func writeTable(
    _ plan: TransferPlan, _ loads: [SlotLoad], _ blocks: [[ScatterBlock]], _ bench: TransferScratch
  ) throws(CUDAError) -> Launches {
    let total = blocks.reduce(0) { $0 + $1.count }
    let (table, host) = unsafe try bench.table(device.context, bytes: max(total, 1) * ScatterBlock.bytes)
    var launches = unsafe Launches(table: table, host: host, entries: [])
    var position = 0
    for chunk in plan.chunks {
      let first = position
      var tiles: UInt64 = 0
      for stage in loads[chunk.load].plan.stages[chunk.stages] {
        for block in blocks[chunk.load][stage.blocks] where block.elements > 0 {
          let place = position * ScatterBlock.bytes
          unsafe block.write(
            to: UnsafeMutableRawBufferPointer(rebasing: host[place..<place + ScatterBlock.bytes]),
            firstTile: UInt32(tiles))
          tiles += block.tiles
          position += 1
        }
      }
      launches.entries.append(
        (table + UInt64(first * ScatterBlock.bytes), UInt64(position - first), tiles))
    }
    return launches
  }

  // MARK: Without it

  /// Packs every slot on the host and copies each contiguous piece of it.
  private func copyPacked(_ loads: [SlotLoad], _ bench: TransferScratch, _ start: Double)
    throws(SlotDeviceError) -> CUDALoading
  {
    let context = device.context
    var arrivals = CopyCompletions(loads, workers: device.workers)
    try arrivals.fetchRest()
    let started = try driving(loads) { () throws(CUDAError) in try CUDAEvent(context) }
    let first = try driving(loads) { () throws(CUDAError) in try CUDAEvent(context) }
    let done = try driving(loads) { () throws(CUDAError) in try CUDAEvent(context) }
    let offsets = layout.buffers.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int($1.slotBytes)) }
    let slotBytes = offsets[layout.buffers.count]
    let image = unsafe try driving(loads) { () throws(CUDAError) in
      unsafe try bench.image(context, bytes: max(slotBytes, 1) * loads.count)
    }
    var timings = SlotTimings()
    timings.disk = arrivals.threadSeconds.disk
    timings.decompress = arrivals.threadSeconds.decompress
    for (index, load) in loads.enumerated() {
      let data = unsafe UnsafeRawBufferPointer(
        rebasing: load.staging.bytes[load.start..<load.start + Int(load.plan.sourceBytes)])
      for block in load.plan.blocks {
        let size = layout.dtype.bits / 8
        let begin = index * slotBytes + offsets[block.buffer] + Int(block.start * size)
        let output = unsafe UnsafeMutableRawBufferPointer(
          rebasing: image[begin..<begin + Int(block.rows * block.columns * size)])
        unsafe HostPacker.pack(block, dtype: layout.dtype, from: data, into: output)
      }
    }
    try driving(loads) { () throws(CUDAError) in
      try started.record(on: work)
      try order(after: loads.flatMap(\.readers))
      timings.submissions = 3 + loads.reduce(0) { $0 + $1.readers.count }
      for (index, load) in loads.enumerated() {
        // Neighbours in the image that are neighbours in the slot go together.
        var buffer = 0
        while buffer < layout.buffers.count {
          let target = address(buffer: buffer, slot: load.slot)
          let from = index * slotBytes + offsets[buffer]
          var count = 0
          repeat {
            count += Int(layout.buffers[buffer].slotBytes)
            buffer += 1
          } while buffer < layout.buffers.count && address(buffer: buffer, slot: load.slot) == target + UInt64(count)
          guard count > 0 else { continue }
          unsafe try work.copy(UnsafeRawBufferPointer(rebasing: image[from..<from + count]), to: target)
          timings.busBytes += UInt64(count)
          timings.submissions += 1
        }
      }
      try first.record(on: work)
      try done.record(on: work)
    }
    timings.host = CurrentProcess.monotonicSeconds - start
    return CUDALoading(
      self, bench: bench, started: started, first: first, done: done, lastCopy: nil, firstStages: 0,
      stagings: loads.map(\.staging), timings)
  }
}
