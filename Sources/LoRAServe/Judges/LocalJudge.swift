import Diagnostics
import JSON
import LoRAEngines
package import LoRAModel
package import LoRAValidate
import TensorCore

/// Judges in this process, on the thread that asks.
package struct LocalJudge: Sendable {
  /// The bases by their names.
  let bases: [String: BaseModel]
  /// What every adapter is checked for.
  let options: ValidationOptions
  /// The version that documents name.
  let toolVersion: String

  /// A judge with the server's options.
  package init(bases: [String: BaseModel], options: ValidationOptions, toolVersion: String) {
    self.bases = bases
    self.options = options
    self.toolVersion = toolVersion
  }

  /// Checks the adapter at a path that may be read.
  package func judge(_ question: Question, at path: String) -> Judgement {
    let options: ValidationOptions
    do throws(BadRequest) { options = try self.options.adapted(to: question) } catch {
      return .unjudged(error.sentence)
    }
    var base: BaseModel?
    if let name = question.base {
      base = bases[name]
      if base == nil { return .unjudged(Self.unknownBase(name, bases.keys.ordered())) }
    }
    return .judged(Validation.run([path], base: base, options: options).json(toolVersion: toolVersion))
  }

  static func unknownBase(_ name: String, _ known: [String]) -> String {
    "the base \(escaped(name, limit: 120)) is not known here (--base NAME=PATH)"
      + (known.isEmpty ? "" : "; known are \(known.prefix(8).map { escaped($0, limit: 80) }.joined(separator: ", "))")
  }
}

extension ValidationOptions {
  /// The options with what a question asks for in their place.
  package func adapted(to question: Question) throws(BadRequest) -> ValidationOptions {
    var options = self
    if let name = question.engine {
      guard let engine = Engine(named: name) else {
        throw BadRequest(
          "the engine \(escaped(name, limit: 80)) is not known; 'lora-tool engines' lists engines and releases")
      }
      options.engine = engine
    }
    if let rank = question.maxLoRARank { options.serving.maxLoRARank = rank }
    if let name = question.servingDType {
      guard let type = ServingDType(rawValue: name) else {
        throw BadRequest("\"serving_dtype\" is \(escaped(name, limit: 80)) where bf16, f16 or f32 is expected")
      }
      options.serving.servingDType = type
    }
    if let level = question.failOn {
      guard let severity = Severity(rawValue: level), severity != .note else {
        throw BadRequest("\"fail_on\" is \(escaped(level, limit: 80)) where error or warning is expected")
      }
      options.failOn = severity
    }
    return options
  }
}
