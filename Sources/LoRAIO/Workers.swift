import CLoRAShims
import Glibc
import Synchronization

/// Threads of our own for blocking work, which must never run on the cooperative pool.
public enum Workers {
  /// Processors that this process may use.
  public static var processorCount: Int { Int(lora_processor_count()) }

  /// Runs `body(0)` … `body(count - 1)`, handing indices out in order to up to `workers` threads.
  ///
  /// The call returns when all are done. After a failure no new index is handed out and the failure with the lowest
  /// index among those that ran is thrown, so that reports do not depend on timing more than they must.
  public static func forEach<Failure: Error>(
    count: Int, workers: Int, _ body: @escaping @Sendable (Int) throws(Failure) -> Void
  ) throws(Failure) {
    let crew = min(max(workers, 1), count)
    if crew <= 1 {
      for index in 0..<count { try body(index) }
      return
    }
    let shared = Progress<Failure>(count: count, body: body)
    var threads: [pthread_t] = []
    for _ in 1..<crew {
      if let thread = start({ shared.run() }) { threads.append(thread) }
    }
    shared.run()
    for thread in threads { pthread_join(thread, nil) }
    if let failure = shared.failure.withLock({ $0 }) { throw failure.error }
  }

  /// Runs `body` on a new thread that is not waited for; it is not run when no thread can be had.
  package static func detach(_ body: @escaping @Sendable () -> Void) {
    if let thread = start(body) { pthread_detach(thread) }
  }

  private static func start(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
    // The box carries the closure through C's untyped argument.
    let box = unsafe Unmanaged.passRetained(Box(body))
    var thread = pthread_t()
    let result = unsafe pthread_create(
      &thread, nil,
      { argument in
        if let argument = unsafe argument { unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, box.toOpaque())
    if result != 0 {
      unsafe box.release()
      return nil
    }
    return thread
  }

  private final class Box: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private final class Progress<Failure: Error>: Sendable {
    let next = Atomic<Int>(0)
    let count: Int
    let body: @Sendable (Int) throws(Failure) -> Void
    let failure = Mutex<(index: Int, error: Failure)?>(nil)

    init(count: Int, body: @escaping @Sendable (Int) throws(Failure) -> Void) {
      self.count = count
      self.body = body
    }

    func run() {
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        do throws(Failure) {
          try body(index)
        } catch {
          failure.withLock { first in
            if let earlier = first, earlier.index < index { return }
            first = (index, error)
          }
          next.store(count, ordering: .relaxed)
        }
      }
    }
  }
}
