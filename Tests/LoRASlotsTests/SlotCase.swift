import JSON
import LoRAEngines
import LoRAIO
import LoRAModel
import LoRASlots
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

/// A row of `testdata/slots/slots.json`: one adapter in one slot, as torch filled it.
struct SlotCase: Sendable, CustomStringConvertible {
  let name: String
  let base: String
  let adapter: String
  let options: SlotOptions
  let slot: Int

  var description: String { name }

  static let all: [SlotCase] = {
    let rows = (try? Fixtures.json("slots/slots.json").array) ?? []
    return rows.compactMap { SlotCase($0) }
  }()

  private init?(_ row: JSONValue) {
    guard let name = row["name"]?.string, let base = row["base"]?.string, let adapter = row["adapter"]?.string,
      let engine = row["engine"]?.string, let arrangement = SlotScheme(rawValue: engine),
      let rank = row["rank"]?.int64, let slots = row["slots"]?.int64, let slot = row["slot"]?.int64,
      let parts = row["parts"]?.int64, let part = row["part"]?.int64, let full = row["full"]?.bool
    else { return nil }
    self.name = name
    self.base = base
    self.adapter = adapter
    self.slot = Int(slot)
    var options = SlotOptions()
    options.scheme = arrangement
    options.slots = Int(slots)
    options.rank = UInt64(rank)
    options.tensorParallel = UInt64(parts)
    options.tensorRank = UInt64(part)
    options.isFullySharded = full
    switch row["dtype"]?.string {
    case "f16": options.dtype = .f16
    case "f32": options.dtype = .f32
    default: options.dtype = .bf16
    }
    self.options = options
  }

  func openBase() throws -> BaseModel { try BaseModel.open(Fixtures.path(base)) }
  func loadAdapter() -> Adapter { Adapter.load(Fixtures.path(adapter)) }

  /// The expected bytes of one slot by the name of the buffer.
  func expected() throws -> [String: (shape: Shape, bytes: [UInt8])] {
    let file = try SafetensorsFile.open(Fixtures.path("slots/\(name).safetensors"))
    var result: [String: (shape: Shape, bytes: [UInt8])] = [:]
    for tensor in file.header.tensors { result[tensor.name] = (tensor.shape, try file.bytes(of: tensor)) }
    return result
  }
}

extension SlotMemory {
  /// The bytes that a slot has in a buffer.
  func bytes(_ buffer: Int, slot: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(layout.buffers[buffer].slotBytes))
    var failure: SlotDeviceError?
    unsafe bytes.withUnsafeMutableBytes { output in
      do throws(SlotDeviceError) { unsafe try read(buffer: buffer, slot: slot, into: output) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Loads an adapter into a slot, reading it on the way.
  func put(_ adapter: Adapter, base: BaseModel, slot: Int, device: HostDevice) throws {
    let file = try #require(adapter.file)
    let plan = try PackingPlan(adapter, base: base, layout: layout)
    let staging = try device.allocateStaging(bytes: AdapterReading.room(for: file))
    let reading = AdapterReading(file)
    try load([SlotLoad(plan: plan, staging: staging, start: 0, slot: slot, reading: reading)]).wait()
  }
}
