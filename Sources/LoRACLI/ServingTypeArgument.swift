import ArgumentParser
import TensorCore

/// The type that an engine computes in, as options name it.
func servingType(_ text: String) throws -> DType {
  switch text {
  case "bf16": return .bf16
  case "f16": return .f16
  case "f32": return .f32
  default: throw ValidationError("expected bf16, f16 or f32")
  }
}
