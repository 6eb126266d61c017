import Diagnostics
import LoRAIO
import LoRAModel
import Safetensors
import SlotCache
import Synchronization

/// Adapters in host memory.
extension AdapterPool {
  /// Reads an adapter into host memory now; the same contents have the same number always, whatever their path.
  ///
  /// The adapter that the policy names makes room. An added adapter that has left host memory is gone: add it again.
  /// - Returns: its number.
  public func add(_ path: String) throws(AdapterPoolError) -> Int {
    let (adapter, plan) = try open(path)
    let place = try changed { (state) throws(AdapterPoolError) in try takePlace(&state) }
    let digest: ContentDigest
    do throws(AdapterPoolError) { digest = try places.read(adapter, into: place, workers: workers) } catch {
      places.give(back: place)
      throw error
    }
    return try changed { (state) throws(AdapterPoolError) in
      let number = state.contents[digest] ?? state.append(PoolState.Entry(digest: digest))
      state.contents[digest] = number
      do throws(SlotCacheError) {
        let (isThere, dropped) = try state.cache.prefetch(number)
        if let dropped { state.forget(dropped, places) }
        if isThere {
          places.give(back: place)
        } else {
          state.entries[number].plan = plan
          state.entries[number].place = place.number
        }
      } catch {
        places.give(back: place)
        throw .busy(error)
      }
      return number
    }
  }

  /// Makes an adapter known and checks that it fits; nothing but its header is read before it is asked for, and it is
  /// read again when it has left host memory.
  ///
  /// - Returns: its number; the same for the same path.
  public func register(_ path: String) throws(AdapterPoolError) -> Int {
    if let known = state.withLock({ $0.paths[path] }) { return known }
    let (adapter, plan) = try open(path)
    return state.withLock { state in
      if let known = state.paths[path] { return known }
      let number = state.append(PoolState.Entry(source: adapter, plan: plan))
      state.paths[path] = number
      return number
    }
  }

  /// Opens a registered adapter's files anew, so that they are read again; false while it is in use.
  ///
  /// A file that was replaced under its name gets another number and another digest by that, and never the old one's
  /// slot.
  public func reload(_ path: String) throws(AdapterPoolError) -> Bool {
    let isGone = try changed { state throws(AdapterPoolError) -> Bool in
      guard let number = state.paths[path] else { return true }
      guard !state.cache.isInHost(number) || state.cache.remove(number) else { return false }
      state.forget(number, places)
      state.paths[path] = nil
      return true
    }
    guard isGone else { return false }
    _ = try register(path)
    return true
  }

  /// Reads a registered adapter into host memory, as a hint that it will be asked for.
  public func prefetch(_ adapter: Int) throws(AdapterPoolError) {
    try changing.withLock { _ throws(AdapterPoolError) in try bring(adapter) }
  }

  /// Drops an adapter from host memory, and from its slot where the cache has assigned it.
  ///
  /// - Throws: `.gone` when it is not there, `.held` while its slot is in use.
  public func remove(_ adapter: Int) throws(AdapterPoolError) {
    try changed { (state) throws(AdapterPoolError) in
      try state.checkResident(adapter)
      guard state.cache.remove(adapter) else { throw .held(adapter) }
      state.forget(adapter, places)
    }
  }

  /// Keeps an adapter in host memory and, where the cache assigns slots, in its slot.
  ///
  /// - Throws: `.gone` when it is not in host memory.
  public func pin(_ adapter: Int) throws(AdapterPoolError) {
    try state.withLock { (state) throws(AdapterPoolError) in
      try state.checkResident(adapter)
      _ = state.cache.pin(adapter)
    }
  }

  /// Takes back `pin`.
  ///
  /// - Throws: `.gone` when it is not in host memory.
  public func unpin(_ adapter: Int) throws(AdapterPoolError) {
    try state.withLock { (state) throws(AdapterPoolError) in
      try state.checkResident(adapter)
      state.cache.unpin(adapter)
    }
  }

  /// What the adapter's contents are; nil until it was in host memory once.
  public func digest(of adapter: Int) -> ContentDigest? {
    state.withLock { $0.entries.indices.contains(adapter) ? $0.entries[adapter].digest : nil }
  }

  // MARK: Reading

  /// Changes who is in host memory.
  private func changed<Value: Sendable>(_ body: (inout PoolState) throws(AdapterPoolError) -> Value)
    throws(AdapterPoolError) -> Value
  {
    try changing.withLock { _ throws(AdapterPoolError) in
      try state.withLock { (state) throws(AdapterPoolError) in try body(&state) }
    }
  }

  /// Opens an adapter, plans how it fills a slot, and checks that host memory has room for it.
  private func open(_ path: String) throws(AdapterPoolError) -> (Adapter, PackingPlan) {
    let adapter = Adapter.load(path, unpacking: .onDemand)
    guard let file = adapter.file else {
      let problem = adapter.findings.first { $0.severity == .error }?.message ?? "it has no weights"
      throw .unreadable(path: path, problem)
    }
    if let broken = adapter.brokenFile {
      throw .unreadable(path: path, broken.message + (broken.hint.map { "; \($0)" } ?? ""))
    }
    let plan: PackingPlan
    do throws(PackingError) { plan = try PackingPlan(adapter, base: base, layout: layout) } catch {
      throw .refused(error)
    }
    guard file.dataBytes <= places.placeBytes else {
      throw .tooLarge(path: path, bytes: file.dataBytes, room: places.placeBytes)
    }
    return (adapter, plan)
  }

  /// A free place, or that of the adapter that makes room.
  private func takePlace(_ state: inout PoolState) throws(AdapterPoolError) -> HostPlaces.Place {
    if let place = places.take() { return place }
    do throws(SlotCacheError) {
      if let dropped = try state.cache.dropOldest() { state.forget(dropped, places) }
    } catch { throw .busy(error) }
    guard let place = places.take() else { throw .full }
    return place
  }

  /// Sees to it that an adapter is in host memory; with `changing` held.
  func bring(_ adapter: Int) throws(AdapterPoolError) {
    let isThere = try state.withLock { (state) throws(AdapterPoolError) in
      try state.check(adapter)
      do throws(SlotCacheError) {
        let (hit, dropped) = try state.cache.prefetch(adapter)
        if let dropped { state.forget(dropped, places) }
        return hit
      } catch { throw .busy(error) }
    }
    if !isThere { try fill(adapter) }
  }

  /// Reads a registered adapter that the cache has let into host memory; with `changing` held.
  func fill(_ adapter: Int) throws(AdapterPoolError) {
    let entry = state.withLock { $0.entries[adapter] }
    guard entry.place == nil else { return }
    let place = places.take()
    do throws(AdapterPoolError) {
      guard let place else { throw .full }
      guard let source = entry.source else { throw .gone(adapter) }
      let digest = try places.read(source, into: place, workers: workers)
      if let known = entry.digest, known != digest {
        throw .refused(
          PackingError(source.path, nil, "its contents changed since it was loaded first", hint: "load it anew"))
      }
      state.withLock { state in
        state.entries[adapter].place = place.number
        state.entries[adapter].digest = digest
      }
    } catch {
      if let place { places.give(back: place) }
      state.withLock { _ = $0.cache.remove(adapter) }
      throw error
    }
  }
}
