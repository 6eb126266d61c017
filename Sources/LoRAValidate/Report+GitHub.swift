import Diagnostics
import JSON
import TensorCore

extension ValidationReport {
  /// Workflow commands that GitHub turns into annotations, one line for each finding, and a summary line
  /// (docs.github.com, "Workflow commands for GitHub Actions").
  public func github() -> String {
    var lines = findings.map { finding in
      let command = finding.severity == .note ? "notice" : finding.severity.rawValue
      let message = [finding.message, finding.hint.map { "Fix: \($0)" }].compactMap { $0 }.joined(separator: "\n")
      let file = Self.property(escaped(finding.file, limit: 4096))
      return "::\(command) file=\(file),title=\(finding.rule.rawValue)::\(Self.data(message))"
    }
    lines += problems.map { "::error title=lora-tool::\(Self.data($0))" }
    let counts = Status.allCases.reversed().map { "\(count($0)) \($0.rawValue)" }.joined(separator: ", ")
    let aside = ignored.isEmpty ? "" : "; \(counted(ignored.count, "finding")) ignored by the policy"
    lines.append("lora-tool: \(counted(adapters.count, "adapter")) checked: \(counts)\(aside)")
    return lines.joined(separator: "\n") + "\n"
  }

  /// Text with the characters escaped that end a line of the protocol.
  private static func data(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "%": result += "%25"
      case "\r": result += "%0D"
      case "\n": result += "%0A"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }

  /// A property's value, where colons and commas are escaped too.
  private static func property(_ text: String) -> String {
    data(text).unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case ":": result += "%3A"
      case ",": result += "%2C"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}
