package import LoRAModel
package import LoRAValidate
package import TensorCore

/// What a repair may go by besides the adapter itself.
package struct RepairOptions: Sendable {
  /// The base that the adapter is meant for.
  package var base: BaseModel?
  /// The alpha to write where the config has none that can be read, or one for a rank that the tensors do not have.
  package var alpha: Double?
  /// The type that floating-point tensors are written in; nil keeps what they have.
  package var dtype: DType?
  /// What the result is checked for: engine, its options, values.
  package var validation: ValidationOptions

  package init(
    base: BaseModel? = nil, alpha: Double? = nil, dtype: DType? = nil,
    validation: ValidationOptions = ValidationOptions()
  ) {
    (self.base, self.alpha, self.dtype, self.validation) = (base, alpha, dtype, validation)
  }
}
