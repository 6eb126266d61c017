public import LoRAKernels

/// Where the products of serving several adapters are computed.
public struct ParityDevice: Sendable {
  /// Its name in reports.
  public let name: String
  private let products: AdapterStack.Products<ParityError>

  /// A device with a product of its own; see `AdapterStack.apply`.
  public init(name: String, products: @escaping AdapterStack.Products<ParityError>) {
    self.name = name
    self.products = products
  }

  /// The processor.
  public static let host = ParityDevice(name: "host") { matrix, rows, length, tokens, count in
    Kernels.products(matrix, rows: rows, length: length, tokens: tokens, count: count)
  }

  func shrink(_ stack: AdapterStack, tokenSlots: [Int?], input: [Float]) throws(ParityError) -> [AdapterStack.Segment] {
    try stack.shrink(tokenSlots: tokenSlots, input: input, products: products)
  }

  func expand(_ stack: AdapterStack, _ segments: [AdapterStack.Segment], output: inout [Float]) throws(ParityError) {
    try stack.expand(segments, output: &output, products: products)
  }
}
