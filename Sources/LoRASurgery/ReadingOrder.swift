import LoRAIO
import TensorCore

extension Workers {
  /// Runs `body` for the index of every place, in the order of the places in their file.
  ///
  /// Modules are listed by name and lie otherwise. Servers and disks are fast for what is read on from where it ended.
  static func forEach<Failure: Error>(
    readingAt places: [UInt64], workers: Int, _ body: @escaping @Sendable (Int) throws(Failure) -> Void
  ) throws(Failure) {
    let order = places.indices.ordered { (places[$0], $0) < (places[$1], $1) }
    try forEach(count: order.count, workers: workers) { (index) throws(Failure) in try body(order[index]) }
  }
}
