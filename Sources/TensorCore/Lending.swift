/// Large elements looked at where they lie.
///
/// A loop over elements copies each of them, which counts references to what it holds, and so does a call with an element
/// of an array. Where the element may be one that cannot be copied there is no such code.
extension UnsafeBufferPointer where Element: ~Copyable {
  /// What `body` says of an element where it lies.
  package func look<Value>(at place: Int, _ body: (borrowing Element) -> Value) -> Value {
    precondition(indices.contains(place))
    return unsafe body(self[place])
  }
}

extension Array {
  /// Calls `body` with every element where it lies.
  package func lendEach(_ body: (borrowing Element) -> Void) {
    unsafe withUnsafeBufferPointer { elements in
      for place in elements.indices { unsafe elements.look(at: place, body) }
    }
  }
}
