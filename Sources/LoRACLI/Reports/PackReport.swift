import Diagnostics
import JSON
import LoRAEngines
import LoRASlots
import LoRAValidate
import TensorCore

/// What `pack` found out and did.
struct PackReport {
  let layout: SlotLayout
  /// Modules of the base that have no slot.
  let absences: [UnservedModule]
  let arguments: SlotArguments
  let adapters: [SlotPacking.Item]
  var device: (name: String, title: String)?
  var slots: [SlotPacking.Slot] = []
  /// Bytes to say the largest number of slots for.
  var limit: UInt64?
  var isVerified = false
  var mismatch: SlotMismatch?
  var output: String?

  /// The modules without slot, reason by reason.
  private var absencesByReason: [(reason: UnservedModule.Reason, modules: [UnservedModule])] {
    UnservedModule.Reason.allCases.compactMap { reason in
      let modules = absences.filter { $0.reason == reason }
      return modules.isEmpty ? nil : (reason, modules)
    }
  }

  /// Bytes of the loaded slots that no adapter fills.
  var paddingBytes: UInt64 { slots.reduce(0) { $0 &+ (layout.slotBytes &- $1.bytes) } }

  /// What goes into the header of a slot image: how it was made, and which adapter is where.
  var metadata: [(key: String, value: String)] {
    let options = layout.options
    var metadata = [
      ("format", "pt"), ("layout", options.scheme.rawValue), ("max_loras", "\(options.slots)"),
      ("max_lora_rank", "\(options.rank)"), ("tensor_parallel", "\(options.tensorParallel)"),
      ("rank", "\(options.tensorRank)"),
    ]
    for slot in slots { metadata.append(("slot.\(slot.slot)", slot.adapter)) }
    return metadata.map { (key: $0.0, value: $0.1) }
  }

  /// The document of the contract, with more detail.
  func json(buffers listsBuffers: Bool) -> JSONValue {
    let options = layout.options
    var members: JSONObject = [
      "device": JSONValue(device?.name),
      "device_title": JSONValue(device?.title), "engine": .string(arguments.engine.lowercased()),
      "layout": .string(options.scheme.rawValue), "dtype": .string(arguments.dtype.rawValue),
      "max_loras": JSONValue(options.slots), "max_lora_rank": JSONValue(options.rank),
      "tensor_parallel": JSONValue(options.tensorParallel), "rank": JSONValue(options.tensorRank),
      "fully_sharded": .bool(options.isFullySharded),
      "target_modules": options.targetModules.map { .array($0.map { .string($0) }) } ?? .null,
      "modules": JSONValue(layout.modules.count), "buffers": JSONValue(layout.buffers.count),
      "slots": .array(slots.map(json)), "slot_bytes": JSONValue(layout.slotBytes),
      "total_bytes": JSONValue(layout.totalBytes), "padding_bytes": JSONValue(paddingBytes),
      "memory_bytes": limit.map { JSONValue($0) } ?? .null,
      "largest_max_loras": limit.map { JSONValue(layout.largestSlotCount(in: $0)) } ?? .null,
      "verified": isVerified ? .bool(mismatch == nil) : .null, "output": JSONValue(output),
    ]
    members["modules_without_slot"] = .array(
      absencesByReason.map { reason, modules in
        ["reason": .string(reason.rawValue), "count": JSONValue(modules.count), "first": .string(modules[0].module)]
      })
    if let mismatch { members["mismatch"] = .string("\(mismatch)") }
    if listsBuffers { members["buffer_list"] = .array(layout.buffers.map(json)) }
    return .document("pack", toolVersion: Version.text, members)
  }

  private func json(_ slot: SlotPacking.Slot) -> JSONValue {
    var object: JSONObject = [
      "slot": JSONValue(slot.slot), "adapter": .string(slot.adapter), "rank": JSONValue(slot.rank),
      "bytes": JSONValue(slot.bytes), "seconds": .real(slot.seconds),
      "padding_bytes": JSONValue(layout.slotBytes - slot.bytes), "file_bytes": JSONValue(slot.fileBytes),
      "stages": [
        "disk": .real(slot.timings.disk), "decompress": .real(slot.timings.decompress),
        "host": .real(slot.timings.host), "bus": .real(slot.timings.bus), "kernel": .real(slot.timings.kernel),
        "first_layer": .real(slot.timings.firstStage), "last_layer": .real(slot.timings.total),
      ], "submissions": JSONValue(slot.timings.submissions),
    ]
    if !slot.scales.isEmpty {
      var scales = JSONObject()
      for (module, scale) in slot.scales { scales[module] = .real(scale) }
      object["scales"] = .object(scales)
    }
    return .object(object)
  }

  private func json(_ buffer: SlotBuffer) -> JSONValue {
    [
      "name": .string(buffer.name), "shape": .array(buffer.shape.dimensions.map { JSONValue($0) }),
      "slot_bytes": JSONValue(buffer.slotBytes), "offset": JSONValue(buffer.offset),
      "slot_stride": JSONValue(buffer.slotStride), "stage": JSONValue(buffer.stage),
    ]
  }

  /// The report for a reader.
  func text(buffers listsBuffers: Bool) -> [String] {
    let options = layout.options
    let device = device.map { " on \($0.title)" } ?? ""
    let share = options.tensorParallel > 1 ? ", device \(options.tensorRank) of \(options.tensorParallel)" : ""
    var lines = [
      "\(counted(options.slots, "slot")) of rank \(options.rank) in \(arguments.dtype.rawValue)\(device), "
        + "\(options.scheme.rawValue) layout\(share)",
      "  modules    \(layout.modules.count) in \(layout.buffers.count) buffers",
      "  one slot   \(ByteCount(layout.slotBytes))", "  all slots  \(ByteCount(layout.totalBytes))",
    ]
    for (reason, modules) in absencesByReason where reason != .notTargeted {
      lines.append(
        "  no slot    \(grouped(UInt64(modules.count))) of the base's modules, first "
          + "\(escaped(modules[0].module, limit: 100)): \(reason.rawValue)")
    }
    if let limit {
      let count = Int(clamping: layout.largestSlotCount(in: limit))
      lines.append("  would fit  \(counted(count, "slot")) in \(ByteCount(limit))")
    }
    if !slots.isEmpty { lines += [""] + table.lines() + ["", "  padding    \(ByteCount(paddingBytes))"] }
    if isVerified {
      let verdict = mismatch.map { "no: \($0)" } ?? "every byte of \(counted(options.slots, "slot"))"
      lines.append("  verified   \(verdict)")
    }
    if let output { lines.append("  written    \(escaped(output))") }
    if listsBuffers { lines += [""] + bufferTable.lines() }
    return lines
  }

  private var table: TextTable {
    var table = TextTable([
      ("slot", .right), ("adapter", .left), ("rank", .right), ("bytes", .right), ("disk ms", .right),
      ("load ms", .right), ("first layer ms", .right),
    ])
    for slot in slots {
      func milliseconds(_ seconds: Double) -> String { fixed(seconds * 1e3, 2) }
      table.add([
        "\(slot.slot)", escaped(slot.adapter, limit: 60), "\(slot.rank)", "\(ByteCount(slot.bytes))",
        milliseconds(slot.timings.disk + slot.timings.decompress), milliseconds(slot.timings.total),
        milliseconds(slot.timings.firstStage),
      ])
    }
    return table
  }

  private var bufferTable: TextTable {
    var table = TextTable([("buffer", .left), ("one slot", .left), ("bytes", .right)])
    for buffer in layout.buffers {
      table.add([escaped(buffer.name), "\(buffer.shape)", grouped(buffer.slotBytes)])
    }
    return table
  }
}
