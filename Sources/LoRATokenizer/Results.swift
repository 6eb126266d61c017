import Synchronization

/// What several threads compute, in its order.
final class Results<Element: Sendable>: Sendable {
  private let elements: Mutex<[Element?]>

  init(_ count: Int) { elements = Mutex(Array(repeating: nil, count: count)) }

  func set(_ index: Int, _ element: Element) { elements.withLock { $0[index] = element } }

  /// What has been set.
  var all: [Element] { elements.withLock { $0.compactMap(\.self) } }
}
