/// Where slots live: plain memory, a GPU, or anything that can be filled from host memory.
///
/// A device gives out two kinds of memory. *Staging* is host memory that adapters' files are read into, byte for byte;
/// *slots* are the engine's padded buffers. A load goes from one to the other: it takes a `PackingPlan`, which names
/// every element that moves and covers every byte of the slot, so that nothing of an earlier tenant can stay.
///
/// Everything may be called from several threads at once.
public protocol SlotDevice: AnyObject, Sendable {
  /// The name on the command line, such as `host` or `cuda:0`.
  var name: String { get }
  /// The name for people, such as `NVIDIA H200 (cuda:0)`.
  var title: String { get }
  /// Bytes that slots can still take; nil when the device cannot say.
  var freeBytes: UInt64? { get }

  /// What keeps the device from being as fast as it should be, as a sentence; nil when nothing does.
  var notice: String? { get }

  /// Host memory of `bytes` bytes whose start is aligned to 4096; pinned where the bus wants it. Contents undefined.
  ///
  /// Meant to be called once: pinning costs more than a swap.
  func allocateStaging(bytes: UInt64) throws(SlotDeviceError) -> any StagingMemory

  /// Allocates what loads of adapters of at most `adapterBytes` bytes need besides slots and staging, so that no later
  /// load allocates anything.
  func prepareLoads(into layout: SlotLayout, adapterBytes: UInt64) throws(SlotDeviceError)

  /// The buffers of a layout, every byte zero.
  func allocateSlots(_ layout: SlotLayout) throws(SlotDeviceError) -> any SlotMemory

  /// Slots in memory that an engine has allocated on this device, one place for each buffer of the layout.
  ///
  /// The memory must outlive the result; what is in it stays until a load or `clear`.
  func slots(_ layout: SlotLayout, at placements: [SlotPlacement]) throws(SlotDeviceError) -> any SlotMemory

  /// Why memory of the engine's is not this device's, as a clause; nil when it is, or when the device cannot tell.
  ///
  /// - Parameters:
  ///   - first: address of its first byte.
  ///   - last: address of its last byte.
  func problem(withMemoryFrom first: UInt64, through last: UInt64) -> String?

  /// A stream of the engine's by its handle, such as PyTorch's `cuda_stream`; nil where the device has no streams.
  func stream(_ handle: UInt) -> (any EngineStream)?
}

extension SlotDevice {
  /// None is known.
  public func problem(withMemoryFrom first: UInt64, through last: UInt64) -> String? { nil }
}

/// A queue of an engine's work on a device.
public protocol EngineStream: Sendable {
  /// The end of everything that is queued now, such as the readers of a slot.
  func fence() throws(SlotDeviceError) -> any SlotFence
  /// Lets everything that is queued from now on come after a fence of the same device, without blocking the host.
  func wait(for fence: any SlotFence) throws(SlotDeviceError)
}

/// Host memory that loads read from; freed with its last reference.
public protocol StagingMemory: AnyObject, Sendable {
  /// The memory, valid as long as this object lives.
  ///
  /// The caller must know that no load in flight reads there: wait for its `SlotLoading` first.
  var bytes: UnsafeMutableRawBufferPointer { get }
}

extension StagingMemory {
  /// Size in bytes.
  public var byteCount: Int { unsafe bytes.count }
}

/// Something that ends by itself, on this thread's processor or on a device.
public protocol SlotFence: AnyObject, Sendable {
  /// Whether it has ended; never blocks.
  var isDone: Bool { get }
  /// Blocks until it has ended.
  /// - Throws: why the work that it stands for failed.
  func wait() throws(SlotDeviceError)
}

/// The slots of one layout on one device; freed with the last reference.
public protocol SlotMemory: AnyObject, Sendable {
  /// The buffers.
  var layout: SlotLayout { get }

  /// Starts to fill slots and may return before they are filled.
  ///
  /// The loads of one call are independent, name different slots and share as few transfers as the device manages. A
  /// load starts after all its `readers` have ended. When this throws, nothing of it is running any more and the slots
  /// named hold anything: they have to be loaded or cleared before the engine reads them.
  func load(_ loads: [SlotLoad]) throws(SlotDeviceError) -> any SlotLoading

  /// Makes a slot all zero, after `readers`.
  func clear(slot: Int, after readers: [any SlotFence]) throws(SlotDeviceError) -> any SlotFence

  /// Copies the bytes that one slot has in one buffer of the layout, after every load that was started before.
  ///
  /// `output` has exactly `layout.buffers[buffer].slotBytes` bytes.
  func read(buffer: Int, slot: Int, into output: UnsafeMutableRawBufferPointer) throws(SlotDeviceError)

  /// Sets every byte of every slot, for tests of what stays behind.
  func fill(with byte: UInt8) throws(SlotDeviceError)
}

/// One adapter to load into one slot.
public struct SlotLoad: Sendable {
  /// What goes where.
  public var plan: PackingPlan
  /// The memory with the adapter's data section.
  public var staging: any StagingMemory
  /// Where the data section starts in `staging`, in bytes, a multiple of 256; `plan`'s source offsets count from there.
  public var start: Int
  /// The slot to fill, from 0.
  public var slot: Int
  /// Those who still read the slot's old contents.
  public var readers: [any SlotFence]
  /// What brings the data section into the staging memory while the load runs; nil when it is there already.
  ///
  /// Reading, packing and moving then overlap. All of it is there when `load` returns.
  public var reading: AdapterReading?
  /// Whether its times are asked for, and its first stages waited for, which costs commands of their own.
  public var isTimed: Bool

  /// A load of `plan` from `staging`.
  public init(
    plan: PackingPlan, staging: any StagingMemory, start: Int, slot: Int, readers: [any SlotFence] = [],
    reading: AdapterReading? = nil, isTimed: Bool = true
  ) {
    self.isTimed = isTimed
    self.plan = plan
    self.staging = staging
    self.start = start
    self.slot = slot
    self.readers = readers
    self.reading = reading
  }
}

/// Loads in flight: the fence is their ready event.
public protocol SlotLoading: SlotFence {
  /// Blocks until the first `count` stages of every plan are in place, so that a model's first layers can run.
  func wait(stages count: Int) throws(SlotDeviceError)
  /// How long the parts took; call after `wait()`.
  var timings: SlotTimings { get }
}

/// What a load cost, in seconds; parts overlap, so that they need not add up to `total`.
public struct SlotTimings: Sendable, Equatable {
  /// Reading files, where the load does it; of several threads the mean.
  public var disk = 0.0
  /// Decompressing them, likewise.
  public var decompress = 0.0
  /// Processor time of submitting or of packing on the host.
  public var host = 0.0
  /// Moving bytes over the bus.
  public var bus = 0.0
  /// Scattering, padding, casting and scaling on the device.
  public var kernel = 0.0
  /// From the call until the first stage was ready.
  public var firstStage = 0.0
  /// From the call until everything was ready.
  public var total = 0.0
  /// Bytes that crossed the bus, or that were read where there is none.
  public var busBytes: UInt64 = 0
  /// Commands given to the device.
  public var submissions = 0

  /// Nothing done.
  public init() {}
}
