import LoRAIO
import LoRASlots

/// The files of a call's loads on their way into staging memory, as far as the loads bring them.
struct CopyCompletions {
  private let loads: [SlotLoad]
  private let workers: Int
  /// For each load, which of its pieces are there.
  private var isThere: [[Bool]]

  init(_ loads: [SlotLoad], workers: Int) {
    self.loads = loads
    self.workers = workers
    isThere = loads.map { [Bool](repeating: false, count: $0.reading?.pieces.count ?? 0) }
  }

  /// Fetches what the copies of a chunk take, on several threads.
  mutating func fetch(_ chunk: TransferPlan.Chunk) throws(SlotDeviceError) {
    guard let reading = loads[chunk.load].reading else { return }
    try fetch(chunk.copies.flatMap { Array(reading.pieces(holding: $0)) }, of: chunk.load)
  }

  /// Fetches everything else, so that the staging memory holds the files as a whole.
  mutating func fetchRest() throws(SlotDeviceError) {
    for load in loads.indices { try fetch(Array(isThere[load].indices), of: load) }
  }

  private mutating func fetch(_ pieces: [Int], of load: Int) throws(SlotDeviceError) {
    let missing = Set(pieces).filter { !isThere[load][$0] }.sorted()
    guard let reading = loads[load].reading, !missing.isEmpty else { return }
    let (staging, start) = (loads[load].staging, loads[load].start)
    do throws(IOError) {
      try Workers.forEach(count: missing.count, workers: workers) { index throws(IOError) in
        try reading.fetch(missing[index], into: staging, at: start)
      }
    } catch { throw SlotDeviceError(unreadable: error) }
    for piece in missing { isThere[load][piece] = true }
  }

  /// Seconds that the threads spent, by the mean.
  var threadSeconds: (disk: Double, decompress: Double) {
    loads.compactMap(\.reading).reduce((0, 0)) { sum, reading in
      (
        sum.0 + reading.threadSeconds.disk / Double(workers),
        sum.1 + reading.threadSeconds.decompress / Double(workers)
      )
    }
  }
}
