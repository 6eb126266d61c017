import TensorCore

extension SafetensorsBuilder {
  /// Adds tensors as the corpora list them: "name dtype 2x3" with numbers that are not zero, or "name dtype = 1.5".
  public mutating func add(listed rows: some Sequence<String>) {
    for row in rows {
      let parts = row.split(separator: " ").map { String($0) }
      guard parts.count >= 3, let dtype = DType(name: parts[1]) else { continue }
      if parts.count == 4, let value = Float(parts[3]) {
        add(parts[0], dtype, [], values: [value])
      } else {
        let shape = parts[2].split(separator: "x").compactMap { UInt64($0) }
        add(parts[0], dtype, shape, data: Self.pattern(shape.reduce(1, *) * dtype.bits / 8))
      }
    }
  }

  /// Bytes that are small numbers, and not zero, in every type of two or four bytes.
  private static func pattern(_ count: UInt64) -> [UInt8] {
    (0..<Int(count)).map { $0 % 2 == 1 ? 0x3D : UInt8(truncatingIfNeeded: $0 % 97) }
  }
}
