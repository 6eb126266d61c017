package import JSON
import LoRAIO

/// What a model folder says about its quantisation, beside the tensors themselves.
///
/// Tensors decide what is quantised and how; the config settles what they cannot say: the size of blocks, bits, and
/// which version of a format it is.
package struct QuantizationConfig: Sendable {
  /// `quant_method`, in lower case; nil when nothing says it.
  package let method: String?
  /// The section as written.
  package let fields: JSONObject
  /// The file that it was read from, within the folder.
  package let file: String

  /// Files beside the config in which some tools describe their quantisation, with the method that they imply.
  package static let sideFiles: [(name: String, method: String)] = [
    ("hf_quant_config.json", "modelopt"), ("quantize_config.json", "gptq"), ("quant_config.json", "awq"),
  ]

  /// Sections of a config.json that describe a quantisation, and that are untrue without it.
  package static let sections = ["quantization_config", "compression_config", "quantization"]

  private static let sizeLimit: UInt64 = 16 << 20

  /// Reads what a config.json, parsed before, and the files beside it say; nil when nothing does.
  package init?(config: JSONObject?, folder: String) {
    let objects = [config].compactMap { $0 } + (config?.members.compactMap { $0.value.object } ?? [])
    for object in objects {
      for key in Self.sections {
        guard let section = object[key]?.object, !section.members.isEmpty else { continue }
        self.init(section, file: "config.json", method: key == "quantization" ? "mlx" : nil)
        return
      }
    }
    for (name, method) in Self.sideFiles {
      let path = Folder.join(folder, name)
      guard FileKind(path: path) == .regular,
        let text = try? InputFile.contents(of: path, limit: Self.sizeLimit),
        let value = try? JSONValue(parsing: text), let object = value.object
      else { continue }
      self.init(object["quantization"]?.object ?? object, file: name, method: method)
      return
    }
    return nil
  }

  private init(_ fields: JSONObject, file: String, method: String?) {
    let named = fields["quant_method"]?.string ?? fields["modelopt_quant_method"]?.string
    let isBitsAndBytes = fields["load_in_4bit"]?.bool == true || fields["load_in_8bit"]?.bool == true
    self.method = (named ?? (isBitsAndBytes ? "bitsandbytes" : method))?.lowercased()
    self.fields = fields
    self.file = file
  }

  /// Why nothing in the folder can be read: a form of storage that the section names and that is not known here.
  var unreadable: String? {
    let known = [
      "dense", "float-quantized", "naive-quantized", "int-quantized", "pack-quantized", "nvfp4-pack-quantized",
      "mxfp4-pack-quantized", "mixed-precision",
    ]
    if method == "compressed-tensors" {
      let groups = fields["config_groups"]?.object?.members.compactMap { $0.value["format"]?.string } ?? []
      if let format = ([fields["format"]?.string].compactMap { $0 } + groups).first(where: { !known.contains($0) }) {
        return "the format \"\(format)\" of compressed-tensors is not read"
      }
      if let sparse = fields["sparsity_config"]?["format"]?.string, sparse != "dense" {
        return "its weights are stored sparse (\(sparse)), which is not read"
      }
    }
    if let algorithm = fields["quant_algo"]?.string?.uppercased(),
      !["FP8", "NVFP4", "W4A16_NVFP4", "MIXED_PRECISION"].contains(where: { algorithm.hasPrefix($0) })
    {
      return "the quant_algo \"\(algorithm)\" of ModelOpt is not read"
    }
    return nil
  }

  /// A whole number of the section.
  func integer(_ key: String) -> Int? { fields[key]?.int64.flatMap { Int(exactly: $0) } }

  /// The weights' part of the group of compressed-tensors, or of ModelOpt, that holds a module.
  ///
  /// A group names classes of modules (`Linear`), names, or patterns behind `re:`; with one group there is no choice.
  func weights(of module: String) -> JSONObject? {
    let groups = fields["config_groups"]?.object?.members.compactMap { $0.value.object } ?? []
    if groups.count <= 1 { return groups.first?["weights"]?.object }
    let named = groups.first { group in
      (group["targets"]?.array ?? []).contains { target in
        guard let target = target.string, !target.hasPrefix("re:") else { return false }
        return module == target || module.hasSuffix("." + target)
      }
    }
    return named?["weights"]?.object
  }

  /// Bits of a weight with its scales and zero points, by what the section says alone; nil when it does not say enough.
  package var nominalBits: Double? {
    let weights = self.weights(of: "")
    let size = integer("group_size") ?? integer("q_group_size") ?? weights?["group_size"]?.int64.flatMap { Int($0) }
    let bits = (integer("bits") ?? integer("w_bit")).map { Double($0) }
    /// Bits of a weight's share in what its group has once.
    func share(of bits: Double) -> Double {
      guard let size, size > 0 else { return 0 }
      return bits / Double(size)
    }
    switch method {
    case "bitsandbytes":
      if fields["load_in_8bit"]?.bool == true { return 8 }
      // A scale for each 64: of 32 bits, or of 8 with one of 32 bits for 256 of them.
      let isDouble = fields["bnb_4bit_use_double_quant"]?.bool == true
      let scale: Double = isDouble ? 8 + 32 / 256.0 : 32
      return 4 + scale / 64
    case "fp8", "fbgemm_fp8": return 8
    case "mxfp4": return 4 + 8.0 / 32
    case "gptq", "awq":
      guard let bits else { return nil }
      return bits + share(of: 16 + bits)
    case "mlx":
      guard let bits = integer("bits") else { return nil }
      return Double(bits) + share(of: 32)
    case "compressed-tensors", "modelopt":
      if let bits = weights?["num_bits"]?.int64 { return Double(bits) + share(of: 16) }
      switch fields["quant_algo"]?.string {
      case "FP8": return 8
      case "NVFP4": return 4 + 8.0 / 16
      default: return nil
      }
    default: return nil
    }
  }

  /// Size of the blocks that share a scale, rows and columns; nil when nothing says it.
  ///
  /// - Throws: `.invalid` when something says it that is no size.
  func blockSize(of module: String) throws(QuantizationError) -> (rows: Int, columns: Int)? {
    let weights = weights(of: module)
    for value in [fields["weight_block_size"], weights?["block_structure"], weights?["block_size"]] {
      guard let value, !value.isNull else { continue }
      if let sizes = value.array?.compactMap({ $0.int64.flatMap { Int(exactly: $0) } }), sizes.count == 2 {
        return (sizes[0], sizes[1])
      }
      // "128x128", in older configs of compressed-tensors.
      if fields["weight_block_size"]?.string == nil, let parts = value.string?.split(separator: "x").map({ Int($0) }),
        parts.count == 2, let rows = parts[0],
        let columns = parts[1]
      {
        return (rows, columns)
      }
      throw .invalid(file, "its weight_block_size is \(value.text()), expected rows and columns such as [128, 128]")
    }
    return nil
  }
}
