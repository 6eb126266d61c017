import Foundation
import JSON
import LoRATestSupport
import Testing

/// One case of `testdata/catalogue`, written by `testdata/make/catalogue.py`: what transformers builds and writes.
struct Reference: Sendable, CustomTestStringConvertible {
  /// Where it stands, for messages.
  let label: String
  /// The keys that the case sets; everything else is a default.
  let given: JSONValue
  /// The whole configuration as transformers writes it.
  let config: JSONValue
  let parameters: UInt64
  let modules: [String]
  let others: [String]
  let memory: [String]

  var testDescription: String { label }

  static let folder = URL(filePath: Fixtures.path("catalogue"))

  /// All files by model type.
  static let files: [String: [Reference]] = {
    var files: [String: [Reference]] = [:]
    for url in (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? [] {
      guard url.pathExtension == "json", let data = try? Data(contentsOf: url),
        let document = try? JSONValue(parsing: [UInt8](data))
      else { continue }
      let modelType = url.deletingPathExtension().lastPathComponent
      let cases = document["cases"]?.array ?? []
      files[modelType] = cases.enumerated().compactMap { Reference($1, "\(modelType) \($0)") }
    }
    return files
  }()

  static let all: [Reference] = files.sorted { $0.key < $1.key }.flatMap(\.value)

  init?(_ value: JSONValue, _ label: String) {
    guard let given = value["given"], let parameters = value["parameters"]?.int64,
      let modules = value["modules"]?.array, let others = value["others"]?.array, let memory = value["memory"]?.array
    else { return nil }
    self.label = label + " " + (given["architectures"]?.array?.first?.string ?? "")
    self.given = given
    config = value["config"] ?? given
    self.parameters = UInt64(parameters)
    self.modules = modules.flatMap { unfolded($0.array ?? [], 1) }.sorted()
    self.others = others.flatMap { unfolded($0.array ?? [], 0) }.sorted()
    self.memory = memory.flatMap { unfolded($0.array ?? [], 1) }.sorted()
  }
}

/// The rows that a folded row stands for, as text: every combination of the numbers in the name at `position`; `{}`
/// in the last cell repeats the numbers.
private func unfolded(_ row: [JSONValue], _ position: Int) -> [String] {
  guard row.indices.contains(position), let name = row[position].string else { return ["malformed row"] }
  let pieces = name.split(omittingEmptySubsequences: false) { $0 == "{" || $0 == "}" }.map { String($0) }
  var combinations: [[String]] = [[]]
  for index in stride(from: 1, to: pieces.count, by: 2) {
    combinations = combinations.flatMap { combination in numbers(pieces[index]).map { combination + [$0] } }
  }
  let cells = row.map { text($0) }
  return combinations.map { combination in
    var name = pieces[0]
    for (index, number) in combination.enumerated() { name += number + pieces[2 * index + 2] }
    var cells = cells
    cells[position] = name
    if let last = cells.last, last.contains("{}") { cells[cells.count - 1] = filled(last, combination) }
    return cells.joined(separator: " ")
  }
}

private func numbers(_ text: String) -> [String] {
  text.split(separator: ",").flatMap { range -> [String] in
    let ends = range.split(separator: "-").compactMap { Int($0) }
    guard let first = ends.first, let last = ends.last else { return ["malformed range"] }
    return (first...last).map { String($0) }
  }
}

/// A cell in one canonical form.
private func text(_ value: JSONValue) -> String {
  switch value {
  case .string(let string): string
  case .integer(let number): String(number)
  case .array(let elements): "[" + elements.map { text($0) }.joined(separator: ", ") + "]"
  default: "-"
  }
}

/// A list of names with every `{}` replaced by the numbers, in order and for each name anew.
private func filled(_ list: String, _ numbers: [String]) -> String {
  list.components(separatedBy: ", ").map { name in
    let pieces = name.components(separatedBy: "{}")
    return pieces[0] + zip(numbers, pieces.dropFirst()).map { $0 + $1 }.joined()
  }.joined(separator: ", ")
}
