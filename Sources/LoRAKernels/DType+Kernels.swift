internal import CLoRAKernels
import TensorCore

extension DType {
  /// The number of this type in the C kernels; nil for types that are not real floating-point numbers.
  var kernel: lora_dtype? {
    switch self {
    case .f64: LORA_F64
    case .f32: LORA_F32
    case .f16: LORA_F16
    case .bf16: LORA_BF16
    case .f8e4m3: LORA_F8_E4M3
    case .f8e5m2: LORA_F8_E5M2
    case .f8e4m3fnuz: LORA_F8_E4M3FNUZ
    case .f8e5m2fnuz: LORA_F8_E5M2FNUZ
    case .f8e8m0: LORA_F8_E8M0
    case .f6e2m3: LORA_F6_E2M3
    case .f6e3m2: LORA_F6_E3M2
    case .f4: LORA_F4_E2M1
    case .bool, .u8, .i8, .i16, .u16, .i32, .u32, .i64, .u64, .c64: nil
    }
  }

  /// Whether a merge can read the type as a base and write it: F32, F16 and BF16.
  package var isMergeable: Bool { self == .f32 || self == .f16 || self == .bf16 }

  /// The kernel number of a type that the caller promised to be floating-point.
  func requireKernel() -> lora_dtype {
    guard let kernel else { preconditionFailure("\(name) is not a floating-point type") }
    return kernel
  }

  /// Whether `count` elements from element `first` on lie within `bytes` bytes; false on overflow.
  func fits(first: Int, count: Int, bytes: Int) -> Bool {
    guard first >= 0, count >= 0 else { return false }
    let (end, overflow) = first.addingReportingOverflow(count)
    let (total, tooMany) = end.multipliedReportingOverflow(by: Int(bits))
    return !overflow && !tooMany && total / 8 + (total % 8 == 0 ? 0 : 1) <= bytes
  }
}
