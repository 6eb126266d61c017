import JSON
import LoRAIO
import TensorCore

/// README.md of a merged model whose base has none: what a model hub shows, and who looks into the folder reads first.
///
/// The fields before the text are those of the Hugging Face Hub's model cards (`base_model`, `base_model_relation`,
/// `tags`; https://huggingface.co/docs/hub/model-cards). Like the record it holds neither times nor paths.
struct ModelCard {
  static let fileName = "README.md"

  /// One adapter of the table.
  struct Row {
    var sha256: String
    var weight: Double
    var modules: Int
  }

  /// The base as the adapters name it, where they agree and it can be a repository of the Hub.
  var base: String?
  var adapters: [Row]
  /// How the weights were rounded.
  var rounding: String
  /// Whether a quantised base became a plain one.
  var isDequantized: Bool

  /// The text of the file.
  var text: String {
    let count = adapters.count == 1 ? "a LoRA adapter" : "\(adapters.count) LoRA adapters"
    var lines = ["---"]
    // A model that is a base with an adapter in it is a fine-tuned one; the Hub's "merge" is one of several models.
    if let base { lines += ["base_model: \(base)", "base_model_relation: finetune"] }
    lines += ["tags:", "- lora", "---", Self.mark, ""]
    lines += ["# \(base ?? "A model") with \(count) merged", ""]
    lines += ["\(base ?? "The base model") with the weights of \(count) added; it is served without them.", ""]
    lines += ["| adapter, by SHA-256 | weight | changed modules |", "|---|---:|---:|"]
    lines += adapters.map { "| `\($0.sha256)` | \(JSONValue.real($0.weight).text()) | \($0.modules) |" }
    lines += [
      "",
      (isDequantized ? "The base was quantised and is a plain model now. " : "")
        + "Sums are rounded once, \(rounding); `\(MergeRecord.fileName)` names every input, module, rank and scale.",
      "",
    ]
    return lines.joined(separator: "\n")
  }

  /// What tells such a file from one that a person wrote.
  private static let mark = "<!-- lora-tool merge -->"

  /// Whether a base's own file is one of these, and says nothing of this merge.
  static func isOutdated(_ file: SideFile) -> Bool {
    guard file.name == fileName, case .copied(let path) = file.contents, file.size < 1 << 20 else { return false }
    do {
      let lines = try InputFile.contents(of: path, limit: 1 << 20).split(separator: UInt8(ascii: "\n"))
      return lines.contains { $0.elementsEqual(mark.utf8) }
    } catch {
      return false
    }
  }

  /// The name where it can be a repository of the Hub: `OWNER/NAME` of letters, digits, `-`, `_` and `.`.
  static func repository(_ name: String) -> String? {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, name.utf8.count <= 96 else { return nil }
    let isLegal = parts.allSatisfy { part in
      part.utf8.first.map(isLetterOrDigit) == true && !part.contains("..") && !part.contains("--")
        && part.utf8.allSatisfy { isLetterOrDigit($0) || "-_.".utf8.contains($0) }
    }
    return isLegal ? name : nil
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }
}
