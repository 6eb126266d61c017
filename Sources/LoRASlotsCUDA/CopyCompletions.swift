import LoRAIO
import LoRASlots
import TensorCore

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

  /// Fetches what some copies of a load take, on several threads.
  mutating func fetch(_ copies: [Range<UInt64>], of load: Int) throws(SlotDeviceError) {
    guard let reading = loads[load].reading else { return }
    try fetch(pieces: copies.flatMap { Array(reading.pieces(holding: $0)) }, of: load)
  }

  /// Fetches everything else of a load, so that the staging memory holds the file as a whole.
  mutating func fetchRest(of load: Int) throws(SlotDeviceError) {
    try fetch(pieces: Array(isThere[load].indices), of: load)
  }

  private mutating func fetch(pieces: [Int], of load: Int) throws(SlotDeviceError) {
    let missing = Set(pieces).filter { !isThere[load][$0] }.ordered()
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
