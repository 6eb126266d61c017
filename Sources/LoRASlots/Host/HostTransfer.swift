import Glibc
import LoRAIO
import Synchronization
import TensorCore

/// What one call of `HostSlots.load` has to do, handed out to threads in the order in which the model needs it.
///
/// The work is cut twice: files into pieces to fetch, blocks into tasks to pack. A thread that has fetched a piece packs
/// at once what now has all of its bytes, while they are still in its cache, so that a file crosses memory once and not
/// once for each step.
final class HostTransfer: Sendable {
  /// Some blocks of a load, or some rows of them.
  private struct Task: Sendable {
    var load: Int
    var stage: Int
    var blocks: Range<Int>
    var rows: Range<UInt64>?
  }

  /// A piece of a load's file that has to be fetched, and the groups of tasks that wait for it.
  private struct Arrival: Sendable {
    var load: Int
    var piece: Int
    var groups: [Int] = []
  }

  private struct State {
    /// For each group, how many pieces it still waits for.
    var missing: [Int]
    /// Tasks that wait for nothing, and how many of them were handed out.
    var ready: [Int]
    var nextReady = 0
    var nextArrival = 0
    /// Pieces that are being fetched.
    var underWay = 0
    /// Tasks of the first stages that are not done.
    var firstLeft: Int
    var firstStage = 0.0
    var packing = 0.0
    var failure: SlotDeviceError?
  }

  private enum Step {
    case pack(Int)
    case fetch(Int)
    case wait
  }

  /// Bytes that a task writes at least, unless its stage ends: many tasks for each thread, few for each second.
  private static let grain: UInt64 = 1 << 19

  private let loads: [SlotLoad]
  private let tasks: [Task]
  private let arrivals: [Arrival]
  /// Tasks that need the same pieces.
  private let groups: [[Int]]
  private let state: Mutex<State>
  private let start = CurrentProcess.monotonicSeconds

  init(_ loads: [SlotLoad], _ layout: SlotLayout) {
    self.loads = loads
    let size = layout.dtype.bits / 8
    let tasks = loads.indices.flatMap { Self.split(loads[$0].plan, load: $0, size: size) }
    var arrivals: [Arrival] = []
    var groups: [[Int]] = []
    var missing: [Int] = []
    var ready: [Int] = []
    var positions = loads.map { [Int?](repeating: nil, count: $0.reading?.pieces.count ?? 0) }
    var known = loads.map { _ in [[Range<Int>]: Int]() }
    for (index, task) in tasks.enumerated() {
      let needed = Self.pieces(of: task, loads[task.load])
      if needed.isEmpty {
        ready.append(index)
        continue
      }
      if let group = known[task.load][needed] {
        groups[group].append(index)
        continue
      }
      known[task.load][needed] = groups.count
      for piece in needed.joined() {
        if let position = positions[task.load][piece] {
          arrivals[position].groups.append(groups.count)
        } else {
          positions[task.load][piece] = arrivals.count
          arrivals.append(Arrival(load: task.load, piece: piece, groups: [groups.count]))
        }
      }
      groups.append([index])
      missing.append(needed.reduce(0) { $0 + $1.count })
    }
    // What no block takes is fetched as well: host memory keeps the whole file.
    for load in loads.indices {
      for piece in positions[load].indices where positions[load][piece] == nil {
        arrivals.append(Arrival(load: load, piece: piece))
      }
    }
    self.tasks = tasks
    self.arrivals = arrivals
    self.groups = groups
    state = Mutex(State(missing: missing, ready: ready, firstLeft: tasks.count { $0.stage == 0 }))
  }

  /// Does everything; `pack` fills some rows of a block.
  ///
  /// - Throws: `.unreadable` when a file cannot be read.
  func run(
    workers: Int, _ pack: @escaping @Sendable (SlotLoad, PackingBlock, Range<UInt64>?) -> Void
  ) throws(SlotDeviceError) -> SlotTimings {
    let crew = max(1, min(workers, max(tasks.count, arrivals.count)))
    Workers.forEach(count: crew, workers: crew) { _ in
      while let step = self.next() {
        switch step {
        case .pack(let task): self.pack(task, pack)
        case .fetch(let arrival): if let task = self.fetch(arrival) { self.pack(task, pack) }
        // For as long as another thread takes to fetch a piece.
        case .wait: sched_yield()
        }
      }
    }
    let state = state.withLock { $0 }
    if let failure = state.failure { throw failure }
    var timings = SlotTimings()
    timings.total = CurrentProcess.monotonicSeconds - start
    timings.firstStage = state.firstStage
    timings.host = state.packing / Double(crew)
    for reading in loads.compactMap(\.reading) {
      timings.disk += reading.threadSeconds.disk / Double(crew)
      timings.decompress += reading.threadSeconds.decompress / Double(crew)
    }
    timings.busBytes = loads.reduce(0) { $0 + $1.plan.liveBytes }
    timings.submissions = loads.count
    return timings
  }

  private func next() -> Step? {
    state.withLock { state in
      if state.failure != nil { return nil }
      if state.nextReady < state.ready.count {
        state.nextReady += 1
        return .pack(state.ready[state.nextReady - 1])
      }
      guard state.nextArrival < arrivals.count else { return state.underWay > 0 ? .wait : nil }
      state.nextArrival += 1
      state.underWay += 1
      return .fetch(state.nextArrival - 1)
    }
  }

  /// Fetches a piece; returns one of the tasks that waited for nothing else, the others are for everybody.
  private func fetch(_ index: Int) -> Int? {
    let arrival = arrivals[index]
    let load = loads[arrival.load]
    var failure: SlotDeviceError?
    do throws(IOError) { try load.reading?.fetch(arrival.piece, into: load.staging, at: load.start) } catch {
      failure = SlotDeviceError(unreadable: error)
    }
    return state.withLock { state in
      state.underWay -= 1
      state.failure = state.failure ?? failure
      guard failure == nil else { return nil }
      var own: Int?
      for group in arrival.groups {
        state.missing[group] -= 1
        guard state.missing[group] == 0 else { continue }
        own = own ?? groups[group].first
        state.ready += groups[group].filter { $0 != own }
      }
      return own
    }
  }

  private func pack(_ index: Int, _ pack: (SlotLoad, PackingBlock, Range<UInt64>?) -> Void) {
    let task = tasks[index]
    let begin = CurrentProcess.monotonicSeconds
    for position in task.blocks { pack(loads[task.load], loads[task.load].plan.blocks[position], task.rows) }
    let end = CurrentProcess.monotonicSeconds
    state.withLock { state in
      state.packing += end - begin
      guard task.stage == 0 else { return }
      state.firstLeft -= 1
      if state.firstLeft == 0 { state.firstStage = end - start }
    }
  }

  // MARK: Tasks

  /// The pieces of its load's file that a task reads, ascending; none when the file is there already.
  private static func pieces(of task: Task, _ load: SlotLoad) -> [Range<Int>] {
    guard let reading = load.reading else { return [] }
    let sources = load.plan.blocks[task.blocks].compactMap { block -> Range<UInt64>? in
      guard var source = block.source else { return nil }
      if let rows = task.rows {
        guard rows.lowerBound < source.rows else { return nil }
        let end = min(rows.upperBound, source.rows)
        source.dropRows(rows.lowerBound)
        source.rows = end - rows.lowerBound
      }
      return source.bytes
    }
    // Ranges that do not touch may still share a piece.
    return PackingPlanner.merged(sources).reduce(into: []) { ranges, bytes in
      let needed = reading.pieces(holding: bytes)
      if let last = ranges.last, needed.lowerBound <= last.upperBound {
        ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, needed.upperBound)
      } else if !needed.isEmpty {
        ranges.append(needed)
      }
    }
  }

  private static func split(_ plan: PackingPlan, load: Int, size: UInt64) -> [Task] {
    var tasks: [Task] = []
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
        let together = interleaved(plan, from: position, to: part.blocks.upperBound)
        let own = block.rows * block.columns * size
        if block.rows > 1, own > 2 * grain || together > 1 {
          finish(at: position)
          let end = position + together
          let step = max(1, grain / (block.columns * size * UInt64(together)))
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
        if bytes >= grain { finish(at: position) }
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
}
