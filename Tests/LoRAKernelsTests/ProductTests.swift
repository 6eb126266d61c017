import LoRAKernels
import Testing

/// Products of a few rows with a panel, against sums of fused multiply-adds one after the other.
@Suite struct ProductTests {
  private static func number(_ index: Int) -> Double { Double((index &* 7_919) % 1_009 - 500) / 128 }

  @Test(arguments: [(1, 1, 1), (6, 17, 33), (4, 252, 16), (3, 5, 40)])
  func everyLevelGivesTheSameBits(_ rows: Int, _ depth: Int, _ columns: Int) {
    let right = ColumnMatrix(rows: depth, columns: columns, elements: (0..<depth * columns).map(Self.number))
    let left = (0..<depth * Kernels.productRows).map { Self.number($0 + 13) }
    for isTransposed in [false, true] {
      let source = isTransposed ? right.transposed : right
      let panel = ColumnPanel(source, transposed: isTransposed)
      let stride = panel.strips * ColumnPanel.lanes
      for level in KernelLevel.available {
        var output = [Double](repeating: .nan, count: rows * stride)
        unsafe left.withUnsafeBufferPointer { left in
          unsafe output.withUnsafeMutableBufferPointer {
            unsafe Kernels.product(rows: rows, left, panel, output: $0, stride: stride, level: level)
          }
        }
        for row in 0..<rows {
          for column in 0..<columns {
            var sum = 0.0
            for k in 0..<depth { sum.addProduct(left[k * Kernels.productRows + row], right[k, column]) }
            #expect(output[row * stride + column] == sum, "\(level), row \(row), column \(column)")
          }
        }
      }
    }
  }

  @Test func aPanelMayBeSomeRows() {
    let matrix = ColumnMatrix(rows: 9, columns: 2, elements: (0..<18).map(Self.number))
    let panel = ColumnPanel(matrix, rows: 3..<8)
    #expect(panel.rows == 5 && panel.columns == 2 && panel.strips == 1)
  }
}
