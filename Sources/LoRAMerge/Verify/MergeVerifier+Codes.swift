import LoRAIO
import QuantizedWeights
import Safetensors
import TensorCore

extension MergeVerifier {
  /// Checks the codes of sampled rows against the float64 sum: each must be the nearest number that its scale allows.
  func check(
    codesOf work: Requantization, _ item: WorkQueue.Item, _ offset: UInt64, _ file: SafetensorsFile, _ shard: String,
    _ result: inout MergeVerification
  ) throws(IOError) {
    let grid = work.grid
    let rows = depth.rows(of: grid.rows, seed: UInt64(item.ordinal)).filter { item.range.contains(UInt64($0)) }
    guard !rows.isEmpty else { return }
    if item.range.lowerBound == 0 { result.matricesRecomputed = 1 }
    let scales = try RequantizationState(work, tiles: 0, plan.sources).scales().values
    let levels = grid.levels
    for row in rows {
      guard let update = work.updates.last(where: { $0.firstRow <= row }) else { continue }
      let reference = try ReferenceMerge(update, sampled: Array(0..<grid.columns), plan.sources)
      let first = row - Int(update.firstRow)
      let expected = try reference.rows(first..<first + 1)
      let found = try file.contents.bytes(at: offset + UInt64(row * grid.columns), count: grid.columns)
      result.elementsRecomputed += UInt64(grid.columns)
      for (column, value) in zip(reference.columns, expected) {
        let scale = scales[grid.cell(row: row, column: column)]
        let nearest = grid.code(Float(value / scale))
        if found[column] == nearest { continue }
        // Between two codes the sum in another order may fall to either side.
        let (stored, right) = (levels[Int(found[column])] * scale, levels[Int(nearest)] * scale)
        if abs(abs(stored - value) - abs(right - value)) <= 1e-5 * scale {
          result.elementsOffByOne += 1
          continue
        }
        result.report(shard, tensor: work.tensor, "row \(row), column \(column) is \(stored), expected \(right)")
        return
      }
    }
  }
}
