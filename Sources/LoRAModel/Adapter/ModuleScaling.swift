import Diagnostics
import JSON
import LoRAIO
import Safetensors
import TensorCore

/// Where an adapter keeps what makes the factor of B·A of its modules.
enum ModuleScaling: Sendable {
  /// One PEFT config for all modules, with its patterns.
  case config(TargetMatching, usesRoot: Bool)
  /// One number for all modules, which is the factor itself (MLX).
  case multiplier(Double, rank: Int?)
  /// The file: PEFT configs of the parts of a pipeline by the first component of the module's name, and alphas of
  /// single modules. Loaders of these formats take alpha = rank where nothing is said.
  case file(parts: [String: (matching: TargetMatching, usesRoot: Bool)], alphas: [String: Double])
  /// Nothing says it.
  case unknown

  /// What a PEFT config says about all modules.
  init(_ config: AdapterConfig) {
    self = .config(TargetMatching(config), usesRoot: config.usesRankStabilizedScale)
  }

  /// What is wrong when the patterns are too many for the names.
  func exhaustion(_ config: AdapterConfig) -> Finding? {
    if case .config(let matching, _) = self { matching.exhaustion(config) } else { nil }
  }

  /// Fills in declared rank, alpha, scale and its source of a module whose own rank is known.
  func apply(to module: inout AdapterModule) {
    switch self {
    case .config(let matching, let usesRoot): module.scale(matching, as: module.name, usesRoot: usesRoot)
    case .multiplier(let factor, let rank):
      module.declaredRank = rank
      module.scale = factor
      module.scaleSource = .file
    case .file(let parts, let alphas):
      if let dot = module.name.firstIndex(of: "."), let part = parts[String(module.name[..<dot])] {
        let name = String(module.name[module.name.index(after: dot)...])
        module.scale(part.matching, as: name, usesRoot: part.usesRoot)
      } else if let alpha = alphas[module.name], alpha != 0, module.rank > 0 {
        module.alpha = alpha
        module.scale = alpha / Double(module.rank)
        module.scaleSource = .file
      } else {
        module.alpha = Double(module.rank)
      }
    case .unknown: break
    }
  }
}

extension AdapterModule {
  fileprivate mutating func scale(_ matching: TargetMatching, as name: String, usesRoot: Bool) {
    declaredRank = matching.rank(of: name)
    alpha = matching.alpha(of: name)
    scale = matching.scale(of: name)
    scaleSource = usesRoot ? .alphaOverRootRank : .alphaOverRank
  }
}

extension DiffusersNaming {
  /// The LoRA configs in the file's metadata by part of the pipeline: members such as `unet.r` and `unet.lora_alpha`
  /// (diffusers 0.42, `loaders/lora_base.py`).
  static func configs(in file: SafetensorsFile) -> (configs: [String: AdapterConfig], findings: [Finding]) {
    guard let text = file.header.metadata(metadataKey) else { return ([:], []) }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: Array(text.utf8), dialect: .python)
    } catch {
      let message = "the metadata \(metadataKey) is not valid JSON: \(error.reason)"
      return ([:], [Finding(.configInvalid, message, file: file.path)])
    }
    var members: [String: JSONObject] = [:]
    for (key, member) in value.object?.members ?? [] {
      guard let dot = key.firstIndex(of: ".") else { continue }
      members[String(key[..<dot]), default: JSONObject()][String(key[key.index(after: dot)...])] = member
    }
    var configs: [String: AdapterConfig] = [:]
    var findings: [Finding] = []
    for (part, var fields) in members.sorted(by: { $0.key < $1.key }) {
      if fields["peft_type"] == nil { fields["peft_type"] = "LORA" }
      let reading = AdapterConfig.typed(fields, path: file.path)
      configs[part] = reading.config
      findings += reading.findings.filter { $0.severity == .error }
    }
    return (configs, findings)
  }
}

/// The values of tensors that hold one number each.
struct AlphaValues {
  /// Alpha by module; modules whose tensor is not one finite number are missing.
  private(set) var values: [String: Double] = [:]
  private var bad: [(module: String, tensor: TensorInfo, problem: String)] = []
  private var failure: IOError?
  private let path: String

  /// Reads the tensors; the file's header must be sound.
  init(_ tensors: [String: TensorInfo], in file: SafetensorsFile) {
    path = file.path
    file.prefetch(tensors.values.filter { $0.byteCount <= 8 })
    for (module, tensor) in tensors {
      guard tensor.elementCount == 1, tensor.byteCount <= 8 else {
        bad.append((module, tensor, "shape \(tensor.shape)"))
        continue
      }
      do throws(IOError) {
        let value = Self.number(try file.bytes(of: tensor), tensor.dtype)
        guard let value, value.isFinite else {
          bad.append((module, tensor, value.map { "\($0)" } ?? "dtype \(tensor.dtype.name)"))
          continue
        }
        values[module] = value
      } catch {
        failure = error
      }
    }
    bad.sort { naturallyPrecedes($0.module, $1.module) }
  }

  /// What is wrong with them, many modules in one finding.
  var findings: [Finding] {
    var findings: [Finding] = []
    if let failure { findings.append(.unreadable(failure, file: path)) }
    if let first = bad.first {
      let others = bad.count > 1 ? " and \(bad.count - 1) more modules" : ""
      findings.append(
        Finding(
          .configInvalid,
          "the alpha of \(escaped(first.module))\(others) is no finite number, so the scale is not known",
          file: path, tensor: first.tensor.name, module: first.module, expected: "one finite number",
          found: first.problem, byteOffset: first.tensor.headerOffset))
    }
    return findings
  }

  /// The number that the bytes of one element are; nil for types that no alpha has.
  private static func number(_ bytes: [UInt8], _ dtype: DType) -> Double? {
    let bits = bytes.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    switch dtype {
    case .f64: return Double(bitPattern: bits)
    case .f32: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    case .bf16: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits) << 16))
    case .f16: return Double(Float16(bitPattern: UInt16(truncatingIfNeeded: bits)))
    case .i64: return Double(Int64(bitPattern: bits))
    case .i32: return Double(Int32(truncatingIfNeeded: bits))
    case .i16: return Double(Int16(truncatingIfNeeded: bits))
    case .i8: return Double(Int8(truncatingIfNeeded: bits))
    case .u8, .u16, .u32, .u64: return Double(bits)
    default: return nil
    }
  }
}
