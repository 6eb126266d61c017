public import Compression
import TensorCore

extension SafetensorsHeader {
  /// Smallest piece that ends where a layer does; smaller frames would compress worse.
  private static let leastPiece: UInt64 = 256 << 10

  /// How the file is cut for compression: the header by itself, then the data layer by layer, so that one layer can be
  /// read without the others.
  ///
  /// Every piece holds elements of one size; no piece is larger than `ArchivePiece.usual`.
  public var archivePieces: [ArchivePiece] {
    var pieces = ArchivePiece.covering(dataStart)
    var current: (range: Range<UInt64>, width: Int, layer: Int?)?
    func close() {
      guard let piece = current, !piece.range.isEmpty else { return }
      let usual = UInt64(ArchivePiece.usual)
      for start in stride(from: piece.range.lowerBound, to: piece.range.upperBound, by: ArchivePiece.usual) {
        pieces.append(
          ArchivePiece(
            offset: dataStart + start, count: Int(min(usual, piece.range.upperBound - start)),
            elementWidth: piece.width))
      }
      current = nil
    }
    for tensor in tensors where tensor.byteCount > 0 {
      let width = [16: 2, 32: 4, 64: 8][tensor.dtype.bits] ?? 1
      let layer = tensor.name.dottedComponents.lazy.compactMap { Int($0) }.first
      if let piece = current {
        let size = piece.range.upperBound - piece.range.lowerBound
        let endsLayer = piece.layer != layer && size >= Self.leastPiece
        let (grown, overflow) = size.addingReportingOverflow(tensor.byteCount)
        if piece.width != width || endsLayer || overflow || grown > UInt64(ArchivePiece.usual) { close() }
      }
      current = ((current?.range.lowerBound ?? tensor.begin)..<tensor.end, width, layer)
    }
    close()
    return pieces
  }
}
