/// An element type of the safetensors format.
///
/// The 22 types and their order are those of the reference implementation (version 0.8); its writer lays tensors out
/// by this order, largest raw value first.
public enum DType: UInt8, CaseIterable, Sendable, Comparable {
  case bool
  case f4
  case f6e2m3
  case f6e3m2
  case u8
  case i8
  case f8e5m2
  case f8e4m3
  case f8e8m0
  case f8e4m3fnuz
  case f8e5m2fnuz
  case i16
  case u16
  case f16
  case bf16
  case i32
  case u32
  case f32
  case c64
  case f64
  case i64
  case u64

  /// What the format and its readers say about one type.
  private struct Row {
    let name: StaticString
    let bits: UInt64
    let isFloat: Bool
    let minimumReader: StaticString
  }

  /// One row per type, in the order of the cases; a new type is a case and a row.
  private static let rows: [Row] = [
    Row(name: "BOOL", bits: 8, isFloat: false, minimumReader: "0.1.0"),
    Row(name: "F4", bits: 4, isFloat: true, minimumReader: "0.6.0"),
    Row(name: "F6_E2M3", bits: 6, isFloat: true, minimumReader: "0.6.0"),
    Row(name: "F6_E3M2", bits: 6, isFloat: true, minimumReader: "0.6.0"),
    Row(name: "U8", bits: 8, isFloat: false, minimumReader: "0.1.0"),
    Row(name: "I8", bits: 8, isFloat: false, minimumReader: "0.1.0"),
    Row(name: "F8_E5M2", bits: 8, isFloat: true, minimumReader: "0.4.0"),
    Row(name: "F8_E4M3", bits: 8, isFloat: true, minimumReader: "0.4.0"),
    Row(name: "F8_E8M0", bits: 8, isFloat: true, minimumReader: "0.6.0"),
    Row(name: "F8_E4M3FNUZ", bits: 8, isFloat: true, minimumReader: "0.8.0"),
    Row(name: "F8_E5M2FNUZ", bits: 8, isFloat: true, minimumReader: "0.8.0"),
    Row(name: "I16", bits: 16, isFloat: false, minimumReader: "0.1.0"),
    Row(name: "U16", bits: 16, isFloat: false, minimumReader: "0.1.0"),
    Row(name: "F16", bits: 16, isFloat: true, minimumReader: "0.1.0"),
    Row(name: "BF16", bits: 16, isFloat: true, minimumReader: "0.1.0"),
    Row(name: "I32", bits: 32, isFloat: false, minimumReader: "0.1.0"),
    Row(name: "U32", bits: 32, isFloat: false, minimumReader: "0.1.0"),
    Row(name: "F32", bits: 32, isFloat: true, minimumReader: "0.1.0"),
    Row(name: "C64", bits: 64, isFloat: false, minimumReader: "0.7.0"),
    Row(name: "F64", bits: 64, isFloat: true, minimumReader: "0.1.0"),
    Row(name: "I64", bits: 64, isFloat: false, minimumReader: "0.1.0"),
    Row(name: "U64", bits: 64, isFloat: false, minimumReader: "0.1.0"),
  ]

  private var row: Row { Self.rows[Int(rawValue)] }

  /// The name in a safetensors header, such as `BF16`.
  public var name: String { row.name.description }

  /// Size of one element in bits; the 4- and 6-bit types are packed.
  public var bits: UInt64 { row.bits }

  /// Whether elements are real floating-point numbers, the only kind that adapter factors may have.
  public var isFloat: Bool { row.isFloat }

  /// The oldest release of the safetensors library that knows the type.
  public var minimumReader: String { row.minimumReader.description }

  private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0) })

  /// The type with this exact header name, or nil.
  public init?(name: String) {
    guard let found = Self.byName[name] else { return nil }
    self = found
  }

  /// The type whose name these bytes are, or nil.
  public init?(utf8 name: Span<UInt8>) {
    // The types that weights are made of come first.
    for dtype in [DType.bf16, .f32, .f16] where dtype.isNamed(name) {
      self = dtype
      return
    }
    for dtype in Self.allCases where dtype.isNamed(name) {
      self = dtype
      return
    }
    return nil
  }

  private func isNamed(_ name: Span<UInt8>) -> Bool {
    let own = row.name
    guard own.utf8CodeUnitCount == name.count else { return false }
    for index in 0..<name.count where unsafe name[index] != own.utf8Start[index] { return false }
    return true
  }

  /// Orders by alignment as the reference implementation does.
  public static func < (left: DType, right: DType) -> Bool { left.rawValue < right.rawValue }
}
