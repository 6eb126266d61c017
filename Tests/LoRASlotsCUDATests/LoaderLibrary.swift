import CLoRALoader
import Foundation
import Glibc
import LoRATestSupport

/// `libLoRALoader.so` as a program in another language meets it: loaded by path, called by name.
enum LoaderLibrary {
  private nonisolated(unsafe) static let library = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL)

  private static let path = Program.built("libLoRALoader.so")

  private static func function<Function>(_ name: String, _ type: Function.Type) -> Function {
    guard let symbol = unsafe dlsym(library, name) else { preconditionFailure("no \(name) in \(path)") }
    return unsafe unsafeBitCast(symbol, to: type)
  }

  typealias Pool = OpaquePointer?

  static func open(_ options: lora_pool_options, _ pool: inout Pool) -> Int32 {
    var options = unsafe options
    let call = unsafe function(
      "lora_pool_open",
      (@convention(c) (UnsafePointer<lora_pool_options>?, UnsafeMutablePointer<OpaquePointer?>?) -> Int32).self)
    return unsafe call(&options, &pool)
  }

  static func close(_ pool: Pool) {
    unsafe function("lora_pool_close", (@convention(c) (OpaquePointer?) -> Void).self)(pool)
  }

  static func bufferCount(_ pool: Pool) -> UInt64 {
    unsafe function("lora_pool_buffer_count", (@convention(c) (OpaquePointer?) -> UInt64).self)(pool)
  }

  static func describe(_ pool: Pool, _ index: UInt64, _ buffer: inout lora_buffer) -> Int32 {
    let call = unsafe function(
      "lora_pool_describe",
      (@convention(c) (OpaquePointer?, UInt64, UnsafeMutablePointer<lora_buffer>?) -> Int32).self)
    return unsafe call(pool, index, &buffer)
  }

  static func bind(_ pool: Pool, _ index: UInt64, _ address: UInt64, _ stride: UInt64) -> Int32 {
    let call = unsafe function(
      "lora_pool_bind", (@convention(c) (OpaquePointer?, UInt64, UInt64, UInt64) -> Int32).self)
    return unsafe call(pool, index, address, stride)
  }

  static func add(_ pool: Pool, _ path: String) -> Int64 {
    let call = unsafe function("lora_pool_add", (@convention(c) (OpaquePointer?, UnsafePointer<CChar>?) -> Int64).self)
    return unsafe call(pool, path)
  }

  static func remove(_ pool: Pool, _ adapter: Int64) -> Int32 {
    unsafe function("lora_pool_remove", (@convention(c) (OpaquePointer?, Int64) -> Int32).self)(pool, adapter)
  }

  /// A stream's handle as the interface takes it.
  private static func pointer(_ stream: UInt) -> UnsafeMutableRawPointer? {
    unsafe UnsafeMutableRawPointer(bitPattern: stream)
  }

  static func load(_ pool: Pool, _ adapter: Int64, _ slot: UInt64, stream: UInt = 0) -> Int32 {
    let call = unsafe function(
      "lora_pool_load", (@convention(c) (OpaquePointer?, Int64, UInt64, UnsafeMutableRawPointer?) -> Int32).self)
    return unsafe call(pool, adapter, slot, pointer(stream))
  }

  static func loadMany(_ pool: Pool, _ adapters: [Int64], _ slots: [UInt64]) -> Int32 {
    let call = unsafe function(
      "lora_pool_load_many",
      (@convention(c) (
        OpaquePointer?, UnsafePointer<Int64>?, UnsafePointer<UInt64>?, UInt64, UnsafeMutableRawPointer?
      ) -> Int32).self)
    return unsafe call(pool, adapters, slots, UInt64(adapters.count), nil)
  }

  /// The status, and slot and generation of each adapter when it is `LORA_OK`.
  static func acquire(_ pool: Pool, _ adapters: [Int64], stream: UInt = 0) -> (
    status: Int32, slots: [UInt64], generations: [UInt64]
  ) {
    var slots = [UInt64](repeating: .max, count: adapters.count)
    var generations = slots
    let call = unsafe function(
      "lora_pool_acquire",
      (@convention(c) (
        OpaquePointer?, UnsafePointer<Int64>?, UInt64, UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt64>?,
        UnsafeMutablePointer<UInt64>?
      ) -> Int32).self)
    let status = unsafe call(pool, adapters, UInt64(adapters.count), pointer(stream), &slots, &generations)
    return (status, slots, generations)
  }

  static func release(_ pool: Pool, _ slot: UInt64, _ generation: UInt64, stream: UInt = 0) -> Int32 {
    let call = unsafe function(
      "lora_pool_release", (@convention(c) (OpaquePointer?, UInt64, UInt64, UnsafeMutableRawPointer?) -> Int32).self)
    return unsafe call(pool, slot, generation, pointer(stream))
  }

  static func pin(_ pool: Pool, _ adapter: Int64) -> Int32 {
    unsafe function("lora_pool_pin", (@convention(c) (OpaquePointer?, Int64) -> Int32).self)(pool, adapter)
  }

  static func unpin(_ pool: Pool, _ adapter: Int64) -> Int32 {
    unsafe function("lora_pool_unpin", (@convention(c) (OpaquePointer?, Int64) -> Int32).self)(pool, adapter)
  }

  static func evict(_ pool: Pool, _ slot: UInt64) -> Int32 {
    let call = unsafe function(
      "lora_pool_evict", (@convention(c) (OpaquePointer?, UInt64, UnsafeMutableRawPointer?) -> Int32).self)
    return unsafe call(pool, slot, nil)
  }

  static func wait(_ pool: Pool, _ slot: UInt64) -> Int32 {
    unsafe function("lora_pool_wait", (@convention(c) (OpaquePointer?, UInt64) -> Int32).self)(pool, slot)
  }

  static func query(_ pool: Pool, _ slot: UInt64) -> lora_slot {
    var state = lora_slot()
    let call = unsafe function(
      "lora_pool_query", (@convention(c) (OpaquePointer?, UInt64, UnsafeMutablePointer<lora_slot>?) -> Int32).self)
    _ = unsafe call(pool, slot, &state)
    return state
  }

  static func read(_ pool: Pool, _ index: UInt64, _ slot: UInt64, count: UInt64) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xA5, count: Int(count))
    let call = unsafe function(
      "lora_pool_read",
      (@convention(c) (OpaquePointer?, UInt64, UInt64, UnsafeMutableRawPointer?, UInt64) -> Int32).self)
    return unsafe call(pool, index, slot, &bytes, count) == 0 ? bytes : []
  }

  static func notice(_ pool: Pool) -> String {
    let call = unsafe function("lora_pool_notice", (@convention(c) (OpaquePointer?) -> UnsafePointer<CChar>).self)
    return unsafe String(cString: call(pool))
  }

  static var lastError: String {
    unsafe String(cString: function("lora_last_error", (@convention(c) () -> UnsafePointer<CChar>).self)())
  }
}
