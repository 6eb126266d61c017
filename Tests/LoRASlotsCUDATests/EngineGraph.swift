@testable import CUDADriver

/// A stream of the engine's in a place that can be copied.
final class EngineQueue {
  let context: CUDAContext
  let stream: CUDAStream
  init(_ context: CUDAContext) throws {
    self.context = context
    stream = try CUDAStream(context)
  }
  var handle: UInt { UInt(bitPattern: unsafe stream.handle) }

  /// Makes one of the fake driver's calls that the loader has no need of.
  fileprivate func call(_ name: String, _ body: () -> Int32) throws(CUDAError) {
    try context.current { () throws(CUDAError) in
      let result = body()
      guard result == 0 else { throw CUDAError(call: name, result: Int(result), name: "") }
    }
  }
}

/// A CUDA graph, as an engine captures its forward pass once and replays it from then on.
final class EngineGraph {
  private let queue: EngineQueue
  /// The graph, and what is launched of it, as addresses.
  private var graph: UInt = 0
  private var launched: UInt = 0

  /// Captures what a body queues on a stream, in the global mode, as PyTorch does.
  init(_ queue: EngineQueue, _ body: () throws -> Void) throws {
    self.queue = queue
    let begin = FakeDriver.function("cuStreamBeginCapture_v2", (@convention(c) (UInt, Int32) -> Int32).self)
    let end = unsafe FakeDriver.function(
      "cuStreamEndCapture", (@convention(c) (UInt, UnsafeMutablePointer<UInt>) -> Int32).self)
    let make = unsafe FakeDriver.function(
      "cuGraphInstantiateWithFlags", (@convention(c) (UnsafeMutablePointer<UInt>, UInt, UInt64) -> Int32).self)
    try queue.call("cuStreamBeginCapture") { begin(queue.handle, 0) }
    do { try body() } catch {
      try queue.call("cuStreamEndCapture") { unsafe end(queue.handle, &graph) }
      throw error
    }
    try queue.call("cuStreamEndCapture") { unsafe end(queue.handle, &graph) }
    try queue.call("cuGraphInstantiate") { unsafe make(&launched, graph, 0) }
  }

  deinit {
    for (name, address) in [("cuGraphExecDestroy", launched), ("cuGraphDestroy", graph)] where address != 0 {
      do { try queue.call(name) { FakeDriver.function(name, (@convention(c) (UInt) -> Int32).self)(address) } } catch {}
    }
  }

  /// What was captured.
  func nodeCount() throws -> Int {
    let nodes = unsafe FakeDriver.function(
      "cuGraphGetNodes", (@convention(c) (UInt, UInt, UnsafeMutablePointer<Int>) -> Int32).self)
    var count = 0
    try queue.call("cuGraphGetNodes") { unsafe nodes(graph, 0, &count) }
    return count
  }

  /// Queues all of it once more.
  func replay() throws {
    let launch = FakeDriver.function("cuGraphLaunch", (@convention(c) (UInt, UInt) -> Int32).self)
    try queue.call("cuGraphLaunch") { launch(launched, queue.handle) }
  }
}
