public import SlotCache
import Synchronization

/// The right to read one adapter's slot; it ends with `release`, or with the last reference.
public final class SlotLease: Sendable {
  /// The adapter's number.
  public let adapter: Int
  /// What the request met.
  public let access: SlotAccess
  /// The change of the slot that brought the adapter there, counted from 1.
  public let generation: UInt64
  /// What loading took, for the whole batch; nil when nothing had to be loaded, or when a stream waits for it.
  public let timings: SlotTimings?
  private let owner: AdapterPool
  private let isOpen = Atomic<Bool>(true)

  init(adapter: Int, access: SlotAccess, generation: UInt64, timings: SlotTimings?, owner: AdapterPool) {
    self.adapter = adapter
    self.access = access
    self.generation = generation
    self.timings = timings
    self.owner = owner
  }

  /// The slot, and which of its tenants.
  public var handle: SlotHandle { access.handle }

  /// The slot, from 0.
  public var slot: Int { access.handle.slot }

  /// Ends the lease; the slot is not overwritten before `fence`, where there is one, has ended.
  public func release(after fence: (any SlotFence)? = nil) {
    guard isOpen.exchange(false, ordering: .acquiringAndReleasing) else { return }
    owner.release(handle, after: fence.map { [$0] } ?? [])
  }

  /// Leaves the slot held; it is `AdapterPool.release` that releases it then.
  public func detach() { isOpen.store(false, ordering: .releasing) }

  deinit { release() }
}
