/// Makes a Householder reflection H = I − factor·y·yᵀ, y = (1, v), that maps (head, tail) to (head, 0).
///
/// - Parameters:
///   - head: becomes what is left of the column.
///   - tail: becomes v. One whose square is nearly lost, far below the ends of f32, counts as zero.
/// - Returns: the factor; 0 when there is nothing to reflect.
package func reflector(_ head: inout Double, _ tail: UnsafeMutableBufferPointer<Double>) -> Double {
  guard let start = tail.baseAddress, case let below = unsafe sumOfProducts(start, start, tail.count), below > 0x1p-900
  else { return 0 }
  let norm = (head * head + below).squareRoot()
  let reflected = head > 0 ? -norm : norm
  let divided = 1 / (head - reflected)
  for index in tail.indices { unsafe tail[index] *= divided }
  defer { head = reflected }
  return (reflected - head) / reflected
}
