package import LoRADeltas
import LoRAModel
import Safetensors
import TensorCore

/// TensorRT-LLM's pair of arrays (`examples/hf_lora_convert.py`): `model.lora_weights.npy` `[1, modules, longest row]`,
/// a row being A flattened and then s·B flattened, and `model.lora_config.npy` `[1, modules, 3]` with module, layer and
/// rank of each row.
package struct TensorRTLLMTarget: ConversionTarget {
  package init() {}

  /// Numbers of modules.
  ///
  /// Gate and up are crossed there: `mlp_h_to_4h` is the gate of a gated feed-forward.
  private static let modules: [String: Int32] = [
    "self_attn.qkv_proj": 0, "self_attn.q_proj": 1, "self_attn.k_proj": 2, "self_attn.v_proj": 3,
    "self_attn.o_proj": 4, "mlp.gate_proj": 5, "mlp.down_proj": 6, "mlp.up_proj": 7,
  ]

  package func plan(_ input: ConversionInput, _ options: ConversionOptions) throws(SurgeryError) -> ConversionPlan {
    try input.check("TensorRT-LLM's arrays", [])
    var bench = ConversionWorkbench(input.modules, notes: input.leftOut())
    var rows: [(module: Int32, layer: Int32)] = []
    var refusals: [SurgeryRefusal] = []
    for module in bench.modules {
      guard let layer = module.name.layer, let index = Int32(exactly: layer.index),
        let id = Self.modules[String(layer.after.dropFirst())]
      else {
        refusals.append(SurgeryRefusal(input.path, subject: module.name, "TensorRT-LLM has no number for this module"))
        continue
      }
      rows.append((id, index))
    }
    guard refusals.isEmpty else { throw .refused(refusals) }
    for index in bench.modules.indices { bench.fold(index, to: 1) }
    let dtype = try dtype(bench.modules, input, options)
    let width = try rowWidth(bench.modules, input)
    let files = [
      weights(bench, dtype, width), DraftFile("model.lora_config.npy", .bytes(config(rows, bench.modules))),
      options.record.file,
    ]
    return ConversionPlan(.folder(AdapterDraft(files)), tensors: 2, of: bench)
  }

  /// The one type of the array: that of all factors, or F16.
  private func dtype(_ modules: [ModuleDraft], _ input: ConversionInput, _ options: ConversionOptions)
    throws(SurgeryError) -> DType
  {
    if let dtype = options.dtype { return dtype }
    let dtypes = modules.flatMap { module in
      [module.a, module.b].flatMap(\.blocks).map(\.factor.tensor.dtype)
    }.uniqued
    guard dtypes.count == 1, let dtype = dtypes.first, [.f32, .f16, .bf16].contains(dtype) else {
      throw .refused(
        input.path,
        "its factors have the types \(dtypes.map(\.name).joined(separator: ", ")), and the array has one: F32, F16 or BF16",
        hint: "choose it with --dtype")
    }
    return dtype
  }

  /// Elements of the longest row.
  private func rowWidth(_ modules: [ModuleDraft], _ input: ConversionInput) throws(SurgeryError) -> UInt64 {
    let sizes = modules.map { Double($0.rank) * (Double($0.a.count) + Double($0.b.count)) }
    guard let width = sizes.max(), width * Double(sizes.count) <= ConversionWorkbench.paddingLimit * sizes.reduce(0, +)
    else {
      throw .refused(input.path, "its array, in which all rows are as long as the longest, would be nearly empty")
    }
    return UInt64(width)
  }

  private func weights(_ bench: ConversionWorkbench, _ dtype: DType, _ width: UInt64) -> DraftFile {
    let bytes = dtype.bits / 8
    let head = NumPyHeader.bytes(dtype: dtype, shape: [1, UInt64(bench.modules.count), width])
    var offset = UInt64(head.count)
    var parts: [DraftPart] = []
    for module in bench.modules {
      let (a, b) = (DraftLayout.rankFirst(module.a), DraftLayout.rankLast(module.b))
      let second = offset + module.rank * module.a.count * bytes
      parts.append(module.a.part(at: offset, a, dtype, as: module.name + ".A", ledger: bench.ledger))
      parts.append(module.b.part(at: second, b, dtype, as: module.name + ".B", ledger: bench.ledger))
      offset += width * bytes
    }
    return DraftFile("model.lora_weights.npy", .laidOut(LaidOutFile(head: head, size: offset, parts: parts)))
  }

  private func config(_ rows: [(module: Int32, layer: Int32)], _ modules: [ModuleDraft]) -> [UInt8] {
    var bytes = NumPyHeader.bytes(descriptor: "<i4", shape: [1, UInt64(rows.count), 3])
    for (row, module) in zip(rows, modules) {
      for value in [row.module, row.layer, Int32(clamping: module.rank)] {
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      }
    }
    return bytes
  }
}

/// The head of a file of one NumPy array, row by row (`numpy/lib/format.py`, version 1.0).
enum NumPyHeader {
  static func bytes(dtype: DType, shape: [UInt64]) -> [UInt8] {
    // NumPy has no bfloat16; TensorRT-LLM keeps its two bytes as a field without meaning.
    bytes(descriptor: dtype == .f32 ? "<f4" : dtype == .f16 ? "<f2" : "|V2", shape: shape)
  }

  static func bytes(descriptor: String, shape: [UInt64]) -> [UInt8] {
    let sizes = shape.map { "\($0)" }.joined(separator: ", ")
    var text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(sizes)), }"
    while (10 + text.utf8.count + 1) % 64 != 0 { text += " " }
    text += "\n"
    let count = text.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(count & 255), UInt8(count >> 8)] + Array(text.utf8)
  }
}
