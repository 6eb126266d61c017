import Glibc
import LoRAIO

/// Threads that do what they are given, first come, first served.
///
/// There is at most one piece of work for each connection, which bounds the queue.
@safe final class WorkQueue: @unchecked Sendable {
  typealias Work = @Sendable () -> Void

  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  private var waiting: [Work] = []
  private var next = 0

  /// Starts the threads, which run as long as the process.
  init(workers: Int) {
    unsafe lock = .allocate(capacity: 1)
    unsafe changed = .allocate(capacity: 1)
    unsafe pthread_mutex_init(lock, nil)
    unsafe pthread_cond_init(changed, nil)
    for _ in 0..<max(1, workers) {
      Workers.detach { while true { self.take()() } }
    }
  }

  /// Adds work.
  func add(_ work: @escaping Work) {
    unsafe pthread_mutex_lock(lock)
    waiting.append(work)
    unsafe pthread_mutex_unlock(lock)
    unsafe pthread_cond_signal(changed)
  }

  private func take() -> Work {
    unsafe pthread_mutex_lock(lock)
    defer { unsafe pthread_mutex_unlock(lock) }
    while next == waiting.count { unsafe pthread_cond_wait(changed, lock) }
    let work = waiting[next]
    next += 1
    if next == waiting.count || next > 1024 {
      waiting.removeFirst(next)
      next = 0
    }
    return work
  }
}
