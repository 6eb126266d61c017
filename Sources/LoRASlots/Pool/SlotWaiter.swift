/// Who waits until a slot has changed.
public enum SlotWaiter: Sendable {
  /// The calling thread: what a call changes has changed when the call returns.
  case host
  /// A stream of the engine's: what is queued on it now ends before the change, and what is queued on it later comes
  /// after. The call returns when the change is queued.
  case stream(any EngineStream)

  /// Whether it is the calling thread.
  var isHost: Bool { if case .host = self { true } else { false } }

  /// What a change has to come after: everything that the stream has to do now.
  func fences() throws(SlotDeviceError) -> [any SlotFence] {
    switch self {
    case .host: []
    case .stream(let stream): [try stream.fence()]
    }
  }

  /// Waits for a change.
  func wait(for change: any SlotFence) throws(SlotDeviceError) {
    switch self {
    case .host: try change.wait()
    case .stream(let stream): try stream.wait(for: change)
    }
  }
}

/// Who decides which adapter gets which slot.
public enum SlotAssigner: Sendable {
  /// The pool, by the policy of its `SlotCache`: `AdapterPool.acquire`.
  case cache
  /// The caller: `AdapterPool.load` and `AdapterPool.evict`.
  case caller
}
