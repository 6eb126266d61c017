import Diagnostics
import LoRAIO
import Synchronization
import TensorCore

/// A line on standard error that shows how far work of known size has come: share, amount, rate and time left.
///
/// It appears after a second, so that short work stays silent, and is wiped when the work is done.
final class ProgressBar: Sendable {
  /// What is counted.
  enum Unit: Sendable {
    case bytes
    case items
  }

  private struct State {
    var done: UInt64 = 0
    var nextDraw: Double
    var isDrawn = false
  }

  private let isShown: Bool
  private let total: UInt64
  private let unit: Unit
  private let start = CurrentProcess.monotonicSeconds
  private let state: Mutex<State>

  init(isShown: Bool, total: UInt64, unit: Unit) {
    self.isShown = isShown && total > 0
    self.total = total
    self.unit = unit
    state = Mutex(State(nextDraw: start + 1))
  }

  /// Counts work that is done; draws at most five times a second.
  func advance(by amount: UInt64) {
    guard isShown else { return }
    state.withLock { state in
      state.done &+= amount
      let now = CurrentProcess.monotonicSeconds
      guard now >= state.nextDraw else { return }
      state.nextDraw = now + 0.2
      state.isDrawn = true
      StandardError.writeAsIs("\r" + line(done: state.done, seconds: now - start) + "\u{1B}[K")
    }
  }

  /// Sets how much is done in all.
  func update(done: UInt64) {
    let before = state.withLock { $0.done }
    if done > before { advance(by: done - before) }
  }

  /// Wipes the line.
  func finish() {
    state.withLock { if $0.isDrawn { StandardError.writeAsIs("\r\u{1B}[K") } }
  }

  private func line(done: UInt64, seconds: Double) -> String {
    let share = min(1, Double(done) / Double(total))
    let filled = Int(share * 24)
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 24 - filled)
    let left = share > 0 ? seconds / share - seconds : 0
    let amount: String
    let rate: String
    switch unit {
    case .bytes:
      amount = "\(ByteCount(done).human) of \(ByteCount(total).human)"
      rate = "\(ByteCount(UInt64(Double(done) / seconds)).human)/s"
    case .items:
      amount = "\(grouped(done)) of \(grouped(total))"
      rate = "\(fixed(Double(done) / seconds, 0))/s"
    }
    return "[\(bar)] \(fixed(share * 100, 0)) %  \(amount)  \(rate)  \(roughly(left)) left"
  }
}
