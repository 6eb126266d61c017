package import LoRAIO

/// Why a quantised weight cannot be read.
package enum QuantizationError: Error, Sendable, Equatable {
  /// What the files hold is not what the format asks for: the tensor that is wrong, and how, as a clause.
  case invalid(tensor: String, reason: String, hint: String?)
  /// A file could not be read.
  case io(IOError)

  static func invalid(_ tensor: String, _ reason: String, hint: String? = nil) -> QuantizationError {
    .invalid(tensor: tensor, reason: reason, hint: hint)
  }

  /// Runs `body`, which reads.
  static func reading<Result>(_ body: () throws(IOError) -> Result) throws(QuantizationError) -> Result {
    do throws(IOError) { return try body() } catch { throw .io(error) }
  }
}
