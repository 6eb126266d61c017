import LoRAEngines
public import LoRAIO
public import LoRAModel
import Safetensors

/// Adapters put into the slots of one device, one after the other, with what every part of it took.
public struct SlotPacking: Sendable {
  /// One filled slot.
  public struct Slot: Sendable {
    /// The slot, from 0.
    public let slot: Int
    /// Path of the adapter.
    public let adapter: String
    /// Largest rank of the adapter's modules.
    public let rank: UInt64
    /// Bytes in the slot that come from the adapter; the others are zero.
    public let bytes: UInt64
    /// Bytes of the adapter's data section.
    public let fileBytes: UInt64
    /// Seconds of the load by its parts, reading and decompressing the file among them.
    public let timings: SlotTimings
    /// From the first byte read until the slot was ready.
    public let seconds: Double
    /// Scales that are not folded into B, by module of the adapter; empty where the engine wants them folded.
    public let scales: [(module: String, scale: Double)]
  }

  /// Why the work could not be done.
  public enum Failure: Error, Sendable, CustomStringConvertible {
    /// An adapter has no place in a slot.
    case refused(PackingError)
    /// The device failed.
    case device(SlotDeviceError)
    /// A file could not be read.
    case file(IOError)

    /// One sentence.
    public var description: String {
      switch self {
      case .refused(let error): error.description
      case .device(let error): error.description
      case .file(let error): error.description
      }
    }
  }

  /// Slots, filled as far as there are adapters; the rest is zero.
  public let memory: any SlotMemory
  /// What was loaded, in slot order.
  public let slots: [Slot]

  /// An adapter with its plan.
  public struct Item: Sendable {
    /// The adapter.
    public let adapter: Adapter
    let plan: PackingPlan

    /// Bytes of its data section.
    public var fileBytes: UInt64 { adapter.file?.dataBytes ?? 0 }

    /// Opens and plans the adapter at a path.
    public init(_ path: String, base: BaseModel, layout: SlotLayout) throws(Failure) {
      adapter = Adapter.load(path, unpacking: .onDemand)
      do throws(PackingError) { plan = try PackingPlan(adapter, base: base, layout: layout) } catch {
        throw .refused(error)
      }
    }
  }

  /// Fills slots 0, 1, … of freshly allocated buffers.
  ///
  /// - Parameters:
  ///   - items: one adapter for each slot, planned for `layout`.
  ///   - layout: the slots.
  ///   - device: where their memory is.
  ///   - progress: called with the bytes of each file once it is in its slot.
  public init(
    _ items: [Item], layout: SlotLayout, device: any SlotDevice,
    progress: (UInt64) -> Void = { _ in }
  ) throws(Failure) {
    var loaded: [Slot] = []
    do throws(SlotDeviceError) { memory = try device.allocateSlots(layout) } catch { throw .device(error) }
    let room = items.compactMap { $0.adapter.file.map { AdapterReading.room(for: $0) } }.max() ?? 0
    let staging: any StagingMemory
    do throws(SlotDeviceError) { staging = try device.allocateStaging(bytes: max(room, 4096)) } catch {
      throw .device(error)
    }
    for (slot, item) in items.enumerated() {
      loaded.append(try Self.load(item, slot, staging, memory))
      progress(loaded[slot].fileBytes)
    }
    slots = loaded
  }

  private static func load(
    _ item: Item, _ slot: Int, _ staging: any StagingMemory, _ memory: any SlotMemory
  ) throws(Failure) -> Slot {
    guard let file = item.adapter.file else {
      throw .refused(PackingError(item.adapter.path, nil, "it has no weights"))
    }
    let start = CurrentProcess.monotonicSeconds
    let timings: SlotTimings
    do throws(SlotDeviceError) {
      let load = SlotLoad(plan: item.plan, staging: staging, start: 0, slot: slot, reading: AdapterReading(file))
      let loading = try memory.load([load])
      try loading.wait()
      timings = loading.timings
    } catch {
      if case .unreadable(let cause) = error.reason { throw .file(cause) }
      throw .device(error)
    }
    let keepsScales = memory.layout.options.scheme.keepsScales
    return Slot(
      slot: slot, adapter: item.adapter.path, rank: item.adapter.modules.map(\.rank).max() ?? 0,
      bytes: item.plan.liveBytes, fileBytes: file.dataBytes, timings: timings,
      seconds: CurrentProcess.monotonicSeconds - start,
      scales: keepsScales ? item.adapter.modules.map { ($0.name, $0.scale) } : [])
  }

  /// Reads every slot back and compares every byte with the reference; slots without adapter have to be zero.
  ///
  /// - Returns: the first difference, or nil when there is none.
  public func firstMismatch(_ items: [Item], base: BaseModel) throws(Failure) -> SlotMismatch? {
    for slot in 0..<memory.layout.slots {
      var reference: SlotReference?
      if slot < items.count {
        do throws(IOError) {
          reference = try SlotReference(items[slot].adapter, base: base, layout: memory.layout)
        } catch { throw .file(error) }
      }
      do throws(SlotDeviceError) {
        if let found = try memory.firstMismatch(inSlot: slot, with: reference) { return found }
      } catch { throw .device(error) }
    }
    return nil
  }
}
