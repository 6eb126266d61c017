import Diagnostics
public import JSON
import LoRAIO

extension ValidationReport {
  /// A SARIF 2.1.0 log with one run (OASIS, "Static Analysis Results Interchange Format Version 2.1.0").
  ///
  /// What the policy sets aside is a suppressed result with the reason as its justification.
  public func sarif(toolVersion: String) -> JSONValue {
    let used = Set(findings.map(\.rule) + ignored.map(\.finding.rule))
    let rules = RuleSet.all.filter { used.contains($0.id) }
    var positions: [RuleID: Int] = [:]
    for (position, rule) in rules.enumerated() { positions[rule.id] = position }
    let driver: JSONValue = [
      "name": "lora-tool", "version": .string(toolVersion), "rules": .array(rules.map(\.sarif)),
    ]
    let notifications = problems.map { problem -> JSONValue in
      ["level": "error", "message": ["text": .string(Finding.messageText(problem))]]
    }
    let invocation: JSONValue = [
      "executionSuccessful": .bool(problems.isEmpty), "toolExecutionNotifications": .array(notifications),
    ]
    let run: JSONValue = [
      "tool": ["driver": driver], "columnKind": "unicodeCodePoints", "invocations": [invocation],
      "results": .array(
        findings.map { $0.sarif(ruleIndex: positions[$0.rule] ?? -1) }
          + ignored.map { $0.finding.sarif(ruleIndex: positions[$0.finding.rule] ?? -1, suppressed: $0.reason) }),
    ]
    return [
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run],
    ]
  }
}

extension Rule {
  /// The rule as a `reportingDescriptor`.
  fileprivate var sarif: JSONValue {
    [
      "id": .string(id.rawValue), "shortDescription": ["text": .string(title)],
      "fullDescription": ["text": .string(meaning)],
      "help": ["text": .string("\(meaning)\n\n\(consequence)\n\n\(remedy)"), "markdown": .string(explanation)],
      "defaultConfiguration": ["level": .string(id.severity.rawValue)],
    ]
  }
}

extension Finding {
  /// The finding as a `result`; the logical location names tensor and module.
  fileprivate func sarif(ruleIndex: Int, suppressed reason: String? = nil) -> JSONValue {
    // Code scanning shows only results that have a line; in a binary file it is the first.
    var region: JSONObject = ["startLine": 1]
    if let byteOffset, let offset = Int64(exactly: byteOffset) {
      region["byteOffset"] = .integer(offset)
      region["byteLength"] = 0
    }
    var location: JSONObject = [
      "physicalLocation": ["artifactLocation": ["uri": .string(Self.uri(file))], "region": .object(region)]
    ]
    let logical = [(tensor, "member"), (module, "module")].compactMap { name, kind -> JSONValue? in
      name.map { ["fullyQualifiedName": .string($0), "kind": .string(kind)] }
    }
    if !logical.isEmpty { location["logicalLocations"] = .array(logical) }
    var properties = JSONObject()
    properties["expected"] = expected.map { .string($0) }
    properties["found"] = found.map { .string($0) }
    properties["hint"] = hint.map { .string($0) }
    let text = message + (hint.map { ". Fix: \($0)" } ?? "")
    var result: JSONObject = [
      "ruleId": .string(rule.rawValue), "ruleIndex": .integer(Int64(ruleIndex)), "level": .string(severity.rawValue),
      "message": ["text": .string(Self.messageText(text))], "locations": [.object(location)],
    ]
    if !properties.members.isEmpty { result["properties"] = .object(properties) }
    if let reason {
      result["suppressions"] = [["kind": "external", "status": "accepted", "justification": .string(reason)]]
    }
    return .object(result)
  }

  /// Text in which names from a file are neither placeholders (`{0}`) nor links (`[text](target)`); sections 3.11.5
  /// and 3.11.6 of the standard.
  fileprivate static func messageText(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar == "(", result.last == "]" { result.append(" ") }
      if scalar == "{" || scalar == "}" { result.append(scalar) }
      result.append(scalar)
    }
    return String(result)
  }

  /// The path as a URI reference: unreserved characters and separators as they are, every other byte as %XX.
  ///
  /// Absolute paths get the file scheme. An address is a URI, whose own codes and separators stay.
  private static func uri(_ path: String) -> String {
    let separators = RemotePath.isRemote(path) ? ":@%[]" : ""
    let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/\(separators)".utf8)
    var text = path.hasPrefix("/") ? "file://" : ""
    for byte in path.utf8 {
      if plain.contains(byte) {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        text += "%" + (digits.count < 2 ? "0" : "") + digits
      }
    }
    return text
  }
}
