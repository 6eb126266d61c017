import JSON
package import LoRAIO
package import LoRAModel
package import Safetensors

/// Why an adapter was not made into another one; nothing was written then.
package enum SurgeryError: Error, Sendable {
  /// An input has no answer under this operation, and why.
  case refused([SurgeryRefusal])
  /// A file could not be read or written.
  case io(IOError)
  /// The header of an output cannot be written.
  case header(file: String, HeaderWriterError)
  /// The caller or a signal asked for the end.
  case cancelled
}

/// What is computed when it is wanted, such as while files are written, on the thread that asks.
package typealias Computation<Result> = @Sendable () throws(SurgeryError) -> Result

/// One reason why an operation has no answer for an input.
package struct SurgeryRefusal: Sendable, Equatable {
  /// The adapter, base or model that it is about.
  package let path: String
  /// The module, tensor or config field that it is about, or nil.
  package let subject: String?
  /// Why, as a clause: "its rank is 4 but the config says 8".
  package let reason: String
  /// What to do about it, or nil.
  package let hint: String?

  package init(_ path: String, subject: String? = nil, _ reason: String, hint: String? = nil) {
    (self.path, self.subject, self.reason, self.hint) = (path, subject, reason, hint)
  }

  /// The reason why a module's factors have no product.
  package init(_ path: String, module: String, _ problem: LoRAPairProblem) {
    self.init(path, subject: module, problem.description, hint: problem.hint)
  }
}

extension SurgeryRefusal: CustomStringConvertible {
  /// One sentence, safe for a terminal.
  package var description: String {
    let place = subject.map { "\(escaped(path)): \(escaped($0)): " } ?? "\(escaped(path)): "
    return place + reason + (hint.map { "; \($0)" } ?? "")
  }
}

extension SurgeryError: CustomStringConvertible {
  /// A refusal about one thing.
  package static func refused(_ path: String, subject: String? = nil, _ reason: String, hint: String? = nil)
    -> SurgeryError
  {
    .refused([SurgeryRefusal(path, subject: subject, reason, hint: hint)])
  }

  /// A refusal of values that no operation has an answer for.
  package static func notFinite(_ tensor: TensorInfo, of file: SafetensorsFile) -> SurgeryError {
    .refused(
      file.path, subject: tensor.name, "it holds values that are not finite",
      hint: "lora-tool validate says how many; the adapter has to be trained or exported again")
  }

  /// One sentence; for refusals the first of them and how many there are.
  package var description: String {
    switch self {
    case .refused(let refusals):
      guard let first = refusals.first else { return "the adapter cannot be changed in this way" }
      return refusals.count == 1 ? first.description : "\(first.description) (and \(refusals.count - 1) more reasons)"
    case .io(let error): return escaped(error.description)
    case .header(let file, let error): return "\(escaped(file)) cannot be written: \(error.description)"
    case .cancelled: return "stopped before it was done; nothing was written"
    }
  }

  /// Runs `body` and gives its failure the type of failures here.
  package static func catching<Result>(_ body: () throws(IOError) -> Result) throws(SurgeryError) -> Result {
    do throws(IOError) { return try body() } catch { throw .io(error) }
  }
}
