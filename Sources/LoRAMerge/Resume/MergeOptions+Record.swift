import JSON
import LoRAIO
import LoRAModel
import TensorCore

extension MergeOptions {
  /// How a merged folder says that it was made, so that it can be checked without giving the options again.
  public struct Recorded: Sendable {
    /// The options.
    public var options: MergeOptions
    /// The weights of the adapters in their order.
    public var weights: [Double]
  }

  /// Reads `lora-merge.json` of a merged folder; a folder without one was merged without provenance.
  ///
  /// - Throws: `MergeError.invalidBase` when there is a record that cannot be understood.
  public static func recorded(in folder: String) throws(MergeError) -> Recorded {
    var recorded = Recorded(options: MergeOptions(), weights: [])
    let path = Folder.join(folder, MergeRecord.fileName)
    guard FileKind(path: path) == .regular else {
      recorded.options.provenance = .none
      return recorded
    }
    let text = try MergeError.catching { () throws(IOError) in try InputFile.contents(of: path, limit: 256 << 20) }
    let record: JSONValue
    do throws(JSONError) {
      record = try JSONValue(parsing: text)
    } catch {
      throw .invalidBase(path: path, reason: "the record of the merge is no JSON: \(error.reason)")
    }
    let problem = recorded.read(record)
    if let problem { throw .invalidBase(path: path, reason: "the record of the merge cannot be used: \(problem)") }
    return recorded
  }
}

extension MergeOptions.Recorded {
  /// Takes over what a record says; returns what is wrong with it, or nil.
  fileprivate mutating func read(_ record: JSONValue) -> String? {
    guard record["schema"] == "lora-tool/merge-record/1" else { return "its schema is unknown" }
    guard let tool = record["tool"]?.string, let options = record["options"],
      let provenance = options["provenance"]?.string.flatMap(Provenance.init(rawValue:)),
      let dtype = options["dtype"]?.string, let rounding = options["rounding"]?.string
    else { return "members are missing" }
    self.options.tool = tool
    self.options.provenance = provenance
    switch dtype {
    case "keep": self.options.dtype = nil
    case "bf16": self.options.dtype = .bf16
    case "f16": self.options.dtype = .f16
    case "f32": self.options.dtype = .f32
    default: return "the dtype \"\(escaped(dtype, limit: 20))\" is unknown"
    }
    if let seed = UInt64(rounding.drop { !$0.isNumber }), rounding.hasPrefix("stochastic") {
      self.options.rounding = .stochastic(seed: seed)
    } else if rounding != "nearest" {
      return "the rounding \"\(escaped(rounding, limit: 40))\" is unknown"
    }
    self.options.requantizes = options["requantize"]?.bool ?? false
    self.options.dequantizes = options["dequantize"]?.bool ?? false
    if let layout = options["expert_layout"]?.string {
      guard let known = ExpertLayout(rawValue: layout) else { return "the layout of experts is unknown" }
      self.options.expertLayout = known
    }
    if let bytes = options["max_shard_bytes"]?.int64 {
      guard bytes > 0 else { return "the size of shards is not positive" }
      self.options.maxShardBytes = UInt64(bytes)
    }
    self.options.accepted = (record["accepted"]?.array ?? []).compactMap { entry in
      guard let rule = entry["rule"]?.string, let message = entry["message"]?.string else { return nil }
      return AcceptedFinding(rule: rule, message: message)
    }
    // Which digests were at hand depended on where the base lay.
    let files = record["base"]?["files"]?.array ?? []
    self.options.digestedBaseFiles = Set(files.filter { $0["sha256"] != nil }.compactMap { $0["file"]?.string })
    weights = (record["adapters"]?.array ?? []).compactMap { $0["weight"]?.double }
    return nil
  }
}
