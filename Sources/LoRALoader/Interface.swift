public import CLoRALoader
import CLoRAShims
import LoRASlots
import TensorCore

// The functions of lora_loader.h, where they are described. Pointers come from a caller in another language: they are
// checked for null, and for nothing else.

/// Runs a call and turns its failure into a status and a sentence for `lora_last_error`.
private func answering(_ body: () throws(LoaderFailure) -> Int64) -> Int64 {
  do throws(LoaderFailure) {
    return try body()
  } catch {
    say(error.message)
    return Int64(error.status)
  }
}

/// Writes the calling thread's sentence.
private func say(_ message: String) {
  let text = unsafe UnsafeMutableBufferPointer(start: lora_thread_text(), count: Int(LORA_THREAD_TEXT_BYTES))
  var length = 0
  for byte in message.utf8.prefix(text.count - 1) {
    unsafe text[length] = CChar(bitPattern: byte)
    length += 1
  }
  unsafe text[length] = 0
}

private func status(_ body: () throws(LoaderFailure) -> Void) -> Int32 {
  Int32(
    answering { () throws(LoaderFailure) in
      try body()
      return Int64(LORA_OK)
    })
}

private func open(_ pool: OpaquePointer?) throws(LoaderFailure) -> AdapterPool {
  guard let pool = unsafe pool else { throw LoaderFailure(LORA_INVALID, "the pool is null") }
  return try unsafe Unmanaged<OpenPool>.fromOpaque(UnsafeRawPointer(pool)).takeUnretainedValue().inThisProcess()
}

private func position(_ index: UInt64) -> Int { Int(exactly: index) ?? .max }

/// Why the last failed call on this thread failed.
@c(lora_last_error)
public func lastError() -> UnsafePointer<CChar> { unsafe UnsafePointer(lora_thread_text()) }

/// Opens a pool.
@c(lora_pool_open)
public func poolOpen(_ options: UnsafePointer<lora_pool_options>?, _ pool: UnsafeMutablePointer<OpaquePointer?>?)
  -> Int32
{
  let result = answering { () throws(LoaderFailure) in
    guard let options = unsafe options, let pool = unsafe pool else {
      throw LoaderFailure(LORA_INVALID, "options or the place for the pool are null")
    }
    unsafe pool.pointee = nil
    let opened = unsafe try AdapterPool(PoolOptions(options.pointee))
    unsafe pool.pointee = OpaquePointer(Unmanaged.passRetained(OpenPool(opened)).toOpaque())
    guard let notice = opened.device.notice else { return Int64(LORA_OK) }
    say(notice)
    return Int64(LORA_DEGRADED)
  }
  return Int32(result)
}

/// Why a pool is slower than it should be; empty when it is not.
@c(lora_pool_notice)
public func poolNotice(_ pool: OpaquePointer?) -> UnsafePointer<CChar> {
  _ = answering { () throws(LoaderFailure) in
    say(try unsafe open(pool).device.notice ?? "")
    return Int64(LORA_OK)
  }
  return unsafe UnsafePointer(lora_thread_text())
}

/// Closes a pool.
@c(lora_pool_close)
public func poolClose(_ pool: OpaquePointer?) {
  guard let pool = unsafe pool else { return }
  let open = unsafe Unmanaged<OpenPool>.fromOpaque(UnsafeRawPointer(pool))
  // What a forked child has of it ends with the child.
  if unsafe open.takeUnretainedValue().isOwn { unsafe open.release() }
}

/// Number of buffers, 0 for a null pool.
@c(lora_pool_buffer_count)
public func poolBufferCount(_ pool: OpaquePointer?) -> UInt64 {
  UInt64(
    max(
      0,
      answering { () throws(LoaderFailure) in Int64(try unsafe open(pool).layout.buffers.count) }))
}

/// Describes a buffer.
@c(lora_pool_describe)
public func poolDescribe(_ pool: OpaquePointer?, _ index: UInt64, _ buffer: UnsafeMutablePointer<lora_buffer>?) -> Int32
{
  status { () throws(LoaderFailure) in
    let layout = try unsafe open(pool).layout
    guard let buffer = unsafe buffer, layout.buffers.indices.contains(position(index)) else {
      throw LoaderFailure(LORA_INVALID, "there is no buffer \(index), only \(layout.buffers.count)")
    }
    let described = layout.buffers[position(index)]
    var result = lora_buffer()
    copy(described.name, into: &result.name)
    copy(described.module, into: &result.module)
    result.factor = CChar(bitPattern: described.factor == .a ? UInt8(ascii: "a") : UInt8(ascii: "b"))
    result.slice = UInt32(described.slice)
    result.dimensions = UInt32(min(described.shape.rank, 4))
    let dimensions = (0..<4).map { $0 < described.shape.rank ? described.shape[$0] : 0 }
    result.shape = (dimensions[0], dimensions[1], dimensions[2], dimensions[3])
    result.slot_bytes = described.slotBytes
    unsafe buffer.pointee = result
  }
}

/// Writes a text into a field of a C structure, cut to its size, with a null byte.
private func copy<Field>(_ text: String, into field: inout Field) {
  unsafe withUnsafeMutableBytes(of: &field) { bytes in
    for (index, byte) in text.utf8.prefix(bytes.count - 1).enumerated() { unsafe bytes[index] = byte }
  }
}

/// Names the engine's memory for a buffer.
@c(lora_pool_bind)
public func poolBind(
  _ pool: OpaquePointer?, _ index: UInt64, _ address: UnsafeMutableRawPointer?, _ slotStride: UInt64
) -> Int32 {
  status { () throws(LoaderFailure) in
    let pool = try unsafe open(pool)
    let place = SlotPlacement(address: UInt64(UInt(bitPattern: address)), stride: slotStride)
    try inPool { () throws(AdapterPoolError) in try pool.bind(position(index), at: place) }
  }
}

/// Reads an adapter into host memory.
@c(lora_pool_add)
public func poolAdd(_ pool: OpaquePointer?, _ path: UnsafePointer<CChar>?) -> Int64 {
  answering { () throws(LoaderFailure) in
    guard let path = unsafe path else { throw LoaderFailure(LORA_INVALID, "the path is null") }
    let (pool, text) = try unsafe (open(pool), String(cString: path))
    return AdapterNumber.given(try inPool { () throws(AdapterPoolError) in try pool.add(text) })
  }
}

/// Forgets an adapter.
@c(lora_pool_remove)
public func poolRemove(_ pool: OpaquePointer?, _ adapter: Int64) -> Int32 {
  status { () throws(LoaderFailure) in
    let pool = try unsafe open(pool)
    try inPool { () throws(AdapterPoolError) in try pool.remove(AdapterNumber.known(adapter)) }
  }
}

/// Fills a slot.
@c(lora_pool_load)
public func poolLoad(
  _ pool: OpaquePointer?, _ adapter: Int64, _ slot: UInt64, _ stream: UnsafeMutableRawPointer?
) -> Int32 {
  status { () throws(LoaderFailure) in
    try unsafe load([adapter], into: [slot], of: open(pool), stream)
  }
}

/// Fills slots, ordered by a stream.
private func load(
  _ adapters: [Int64], into slots: [UInt64], of pool: AdapterPool, _ stream: UnsafeMutableRawPointer?
) throws(LoaderFailure) {
  let waiter = pool.waiter(forStream: UInt(bitPattern: stream))
  try inPool { () throws(AdapterPoolError) in
    try pool.load(adapters.map { AdapterNumber.known($0) }, into: slots.map { position($0) }, for: waiter)
  }
}

/// Fills several slots in one transfer.
@c(lora_pool_load_many)
public func poolLoadMany(
  _ pool: OpaquePointer?, _ adapters: UnsafePointer<Int64>?, _ slots: UnsafePointer<UInt64>?, _ count: UInt64,
  _ stream: UnsafeMutableRawPointer?
) -> Int32 {
  status { () throws(LoaderFailure) in
    let pool = try unsafe open(pool)
    let (adapters, slots) = try unsafe (list(adapters, count, of: pool), list(slots, count, of: pool))
    try unsafe load(adapters, into: slots, of: pool, stream)
  }
}

/// Gives adapters slots of the pool's choice.
@c(lora_pool_acquire)
public func poolAcquire(
  _ pool: OpaquePointer?, _ adapters: UnsafePointer<Int64>?, _ count: UInt64, _ stream: UnsafeMutableRawPointer?,
  _ slots: UnsafeMutablePointer<UInt64>?, _ generations: UnsafeMutablePointer<UInt64>?
) -> Int32 {
  status { () throws(LoaderFailure) in
    let pool = try unsafe open(pool)
    let adapters = try unsafe list(adapters, count, of: pool)
    guard let slots = unsafe slots, let generations = unsafe generations else {
      throw LoaderFailure(LORA_INVALID, "the places for slots and generations are null")
    }
    let waiter = pool.waiter(forStream: UInt(bitPattern: stream))
    let leases = try inPool { () throws(AdapterPoolError) in
      try pool.acquire(adapters.map { AdapterNumber.known($0) }, for: waiter)
    }
    for (index, lease) in leases.enumerated() {
      unsafe slots[index] = UInt64(lease.slot)
      unsafe generations[index] = lease.generation
      lease.detach()
    }
  }
}

/// Takes back one `lora_pool_acquire`.
@c(lora_pool_release)
public func poolRelease(
  _ pool: OpaquePointer?, _ slot: UInt64, _ generation: UInt64, _ stream: UnsafeMutableRawPointer?
) -> Int32 {
  status { () throws(LoaderFailure) in
    let pool = try unsafe open(pool)
    let waiter = pool.waiter(forStream: UInt(bitPattern: stream))
    try inPool { () throws(AdapterPoolError) in
      try pool.release(slot: position(slot), generation: generation, after: waiter)
    }
  }
}

/// Keeps an adapter where it is.
@c(lora_pool_pin)
public func poolPin(_ pool: OpaquePointer?, _ adapter: Int64) -> Int32 {
  status { () throws(LoaderFailure) in
    let pool = try unsafe open(pool)
    try inPool { () throws(AdapterPoolError) in try pool.pin(AdapterNumber.known(adapter)) }
  }
}

/// Takes back `lora_pool_pin`.
@c(lora_pool_unpin)
public func poolUnpin(_ pool: OpaquePointer?, _ adapter: Int64) -> Int32 {
  status { () throws(LoaderFailure) in
    let pool = try unsafe open(pool)
    try inPool { () throws(AdapterPoolError) in try pool.unpin(AdapterNumber.known(adapter)) }
  }
}

/// A caller's list with one element for each of some slots.
private func list<Element>(_ elements: UnsafePointer<Element>?, _ count: UInt64, of pool: AdapterPool)
  throws(LoaderFailure) -> [Element]
{
  guard count <= UInt64(pool.layout.slots) else {
    throw LoaderFailure(LORA_INVALID, "\(count) adapters are more than the \(pool.layout.slots) slots")
  }
  guard count > 0 else { return [] }
  guard let elements = unsafe elements else { throw LoaderFailure(LORA_INVALID, "a list is null") }
  return unsafe Array(UnsafeBufferPointer(start: elements, count: Int(count)))
}

/// Makes a slot all zero.
@c(lora_pool_evict)
public func poolEvict(_ pool: OpaquePointer?, _ slot: UInt64, _ stream: UnsafeMutableRawPointer?) -> Int32 {
  status { () throws(LoaderFailure) in
    let pool = try unsafe open(pool)
    let waiter = pool.waiter(forStream: UInt(bitPattern: stream))
    try inPool { () throws(AdapterPoolError) in try pool.evict(position(slot), for: waiter) }
  }
}

/// Waits for a slot's last change.
@c(lora_pool_wait)
public func poolWait(_ pool: OpaquePointer?, _ slot: UInt64) -> Int32 {
  status { () throws(LoaderFailure) in
    let pool = try unsafe open(pool)
    try inPool { () throws(AdapterPoolError) in try pool.wait(position(slot)) }
  }
}

/// Says what a slot holds.
@c(lora_pool_query)
public func poolQuery(_ pool: OpaquePointer?, _ slot: UInt64, _ state: UnsafeMutablePointer<lora_slot>?) -> Int32 {
  status { () throws(LoaderFailure) in
    guard let state = unsafe state else { throw LoaderFailure(LORA_INVALID, "the place for the state is null") }
    let pool = try unsafe open(pool)
    let known = try inPool { () throws(AdapterPoolError) in try pool.status(of: position(slot)) }
    unsafe state.pointee = lora_slot(
      adapter: known.adapter.map { AdapterNumber.given($0) } ?? 0, generation: known.generation,
      is_ready: known.isReady ? 1 : 0)
  }
}

/// Copies what a slot has in a buffer.
@c(lora_pool_read)
public func poolRead(
  _ pool: OpaquePointer?, _ index: UInt64, _ slot: UInt64, _ output: UnsafeMutableRawPointer?, _ bytes: UInt64
) -> Int32 {
  status { () throws(LoaderFailure) in
    guard let output = unsafe output, let count = Int(exactly: bytes) else {
      throw LoaderFailure(LORA_INVALID, "the output is null or too large")
    }
    let pool = try unsafe open(pool)
    let target = unsafe UnsafeMutableRawBufferPointer(start: output, count: count)
    try inPool { () throws(AdapterPoolError) in
      unsafe try pool.read(buffer: position(index), slot: position(slot), into: target)
    }
  }
}
