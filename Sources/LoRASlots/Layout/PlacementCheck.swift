import TensorCore

/// What an engine's memory must be to hold the slots of a layout; checked before anything is queued, as a GPU that meets
/// a wrong address loses the whole process's context.
extension SlotLayout {
  /// Why memory cannot be the place of a buffer, as a clause; nil when it can.
  func problem(with placement: SlotPlacement, ofBuffer index: Int) -> String? {
    let (buffer, size) = (buffers[index], dtype.bits / 8)
    guard placement.address != 0 else { return "the address is null" }
    guard placement.address % size == 0 else {
      let address = String(placement.address, radix: 16)
      return "the address 0x\(address) is no multiple of the \(size) bytes of \(dtype.name)"
    }
    let (end, overflow) = placement.address.addingReportingOverflow(buffer.slotBytes)
    guard !overflow else { return "the slot's \(buffer.slotBytes) bytes go beyond the end of memory" }
    guard slots > 1 else { return nil }
    guard placement.stride >= buffer.slotBytes else {
      return "\(placement.stride) bytes from slot to slot are less than the slot's \(buffer.slotBytes)"
    }
    guard placement.stride % size == 0 else {
      return "\(placement.stride) bytes from slot to slot are no multiple of the \(size) bytes of \(dtype.name)"
    }
    let (others, large) = placement.stride.multipliedReportingOverflow(by: UInt64(slots - 1))
    guard !large, !end.addingReportingOverflow(others).overflow else {
      return "\(slots) slots, \(placement.stride) bytes from one to the next, go beyond the end of memory"
    }
    return nil
  }

  /// The first two buffers that share bytes in these places, one for each buffer and each without a problem of its own.
  func overlap(in placements: [SlotPlacement]) -> (Int, Int)? {
    let places = buffers.indices.filter { buffers[$0].slotBytes > 0 }.ordered {
      placements[$0].address < placements[$1].address
    }
    for (position, later) in places.enumerated() {
      for earlier in places[..<position] where share(earlier, later, placements) { return (earlier, later) }
    }
    return nil
  }

  /// Whether two buffers share bytes, of which the first does not start later.
  ///
  /// Slots of several buffers may lie in turn, at one distance from slot to slot.
  private func share(_ first: Int, _ second: Int, _ placements: [SlotPlacement]) -> Bool {
    let (a, b) = (placements[first], placements[second])
    let distance = b.address - a.address
    guard slots > 1 else { return distance < buffers[first].slotBytes }
    guard distance < a.stride * UInt64(slots - 1) + buffers[first].slotBytes else { return false }
    guard a.stride == b.stride else { return true }
    let (slot, inside) = distance.quotientAndRemainder(dividingBy: a.stride)
    return inside < buffers[first].slotBytes
      || slot + 1 < UInt64(slots) && a.stride - inside < buffers[second].slotBytes
  }
}
