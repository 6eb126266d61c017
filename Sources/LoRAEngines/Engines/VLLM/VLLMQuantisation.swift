import JSON

/// What a release of vLLM was seen to do with adapters on quantised bases (`testdata/make/vllm_quantised.py`).
///
/// Only linear layers were tried, with the engine's own classes of layers and wrappers and a stand-in for the product of
/// the kernel that a GPU would run.
struct VLLMQuantisation: Sendable {
  /// What it reads of the descriptions with which every adapted layer's output held the adapter's part.
  let applied: Set<String>
  /// What it reads of those that it refuses, or the method alone where that is why.
  let refused: Set<String>
  /// The model classes with which they were tried.
  let classes: Set<String>

  /// - Parameter text: lines of an outcome and a `quantization_config`, and one of `classes` and their names.
  init(_ text: String) {
    var lines: [Substring: Set<String>] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1)
      guard words.count == 2 else { continue }
      if words[0] == "classes" {
        lines[words[0]] = Set(words[1].split(separator: " ").map { String($0) })
      } else if let section = (try? JSONValue(parsing: Array(words[1].utf8)))?.object {
        let read = QuantizationDescription.line(section) ?? section["quant_method"]?.string
        if let read { lines[words[0], default: []].insert(read) }
      }
    }
    applied = lines["applied"] ?? []
    refused = lines["refused"] ?? []
    classes = lines["classes"] ?? []
  }
}
