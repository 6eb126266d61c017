import Synchronization

/// Results that several threads put in their places.
final class Slots<Element: Sendable>: Sendable {
  private let elements: Mutex<[Element?]>

  init(_ count: Int) { elements = Mutex(Array(repeating: nil, count: count)) }

  func set(_ index: Int, _ element: Element) { elements.withLock { $0[index] = element } }

  /// Everything that was put in, in order.
  var all: [Element] { elements.withLock { $0.compactMap { $0 } } }
}
