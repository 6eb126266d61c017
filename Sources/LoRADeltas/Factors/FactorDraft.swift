import LoRAKernels
package import LoRAModel
package import Safetensors
package import TensorCore

/// One factor of a module of the output, as blocks of factors of the input in a field of zeros.
///
/// As in `LoRAPair` element (i, k) of expert e is A[k, i] or B[i, k]. A factor that is renamed is one block; one that is
/// padded is a block that does not fill all ranks; stacked and block-diagonal factors have several.
package struct FactorDraft: Sendable {
  /// Outer indices: inputs of A, outputs of B.
  package var count: UInt64
  package var rank: UInt64
  package var experts: UInt64
  package var blocks: [FactorBlock]

  /// One factor of a pair as it is.
  package init(_ pair: LoRAPair, _ side: FactorBlock.Side, of file: SafetensorsFile) {
    let block = FactorBlock(pair, side, of: file)
    (count, rank, experts, blocks) = (block.factor.count, pair.rank, pair.experts, [block])
  }

  /// The factor of these blocks.
  package init(count: UInt64, rank: UInt64, experts: UInt64, blocks: [FactorBlock]) {
    (self.count, self.rank, self.experts, self.blocks) = (count, rank, experts, blocks)
  }

  /// Multiplies every element.
  package mutating func multiply(by factor: Double) {
    for index in blocks.indices { blocks[index].multiplier *= factor }
  }

  /// Moves outer indices: index i becomes `targets[i]`, or is left out where that is negative.
  package mutating func move(to targets: [Int], count: UInt64) {
    for index in blocks.indices {
      blocks[index].rows = blocks[index].rows.map { $0.map { $0 < 0 ? $0 : targets[$0] } } ?? targets
    }
    self.count = count
  }

  /// The type to write: that of the input where values of it are computed with, else F32.
  package func dtype(_ wanted: DType?, in layout: DraftLayout) -> DType {
    if let wanted { return wanted }
    let dtypes = Set(blocks.map(\.factor.tensor.dtype))
    if let dtype = dtypes.first, dtypes.count == 1 {
      if dtype.isMergeable || dtype == .f64 || copied(in: layout, dtype: dtype) != nil { return dtype }
    }
    return .f32
  }

  /// The tensor of the input whose bytes these are, where there is one.
  package func copied(in layout: DraftLayout, dtype: DType) -> FactorBlock? {
    guard blocks.count == 1, let block = blocks.first, block.isWhole, block.rows == nil, block.multiplier == 1 else {
      return nil
    }
    let factor = block.factor
    let isSame =
      factor.tensor.dtype == dtype && factor.count == count && block.pair.rank == rank && block.pair.experts == experts
      && (count == 1 || factor.stride == layout.stride) && (rank == 1 || factor.rankStride == layout.rankStride)
      && (experts == 1 || factor.expertStride == layout.expertStride)
    return isSame ? block : nil
  }
}

/// A factor of the input at its place in one of the output.
package struct FactorBlock: Sendable {
  package enum Side: Sendable {
    case a
    case b
  }

  package let pair: LoRAPair
  package let side: Side
  package let file: SafetensorsFile
  /// What every element is multiplied by.
  package var multiplier = 1.0
  /// The outer index that each one of the input gets, negative for those that are left out; nil when all stay.
  package var rows: [Int]?
  /// The rank that its first rank gets.
  package var firstRank: UInt64 = 0
  /// The experts of the input that are taken.
  package var sourceExperts: Range<UInt64>
  /// The expert that the first of them becomes.
  package var firstExpert: UInt64 = 0

  package init(_ pair: LoRAPair, _ side: Side, of file: SafetensorsFile) {
    (self.pair, self.side, self.file, sourceExperts) = (pair, side, file, 0..<pair.experts)
  }

  package var factor: LoRAPair.Factor { side == .a ? pair.a : pair.b }

  /// Whether it takes all experts and begins where the factor of the output begins.
  fileprivate var isWhole: Bool {
    firstRank == 0 && firstExpert == 0 && sourceExperts == 0..<pair.experts
  }
}

/// Where the elements of a factor lie in a tensor, counted in elements: (i, k) of expert e is element
/// `e · expertStride + i · stride + k · rankStride`.
package struct DraftLayout: Sendable {
  package let shape: Shape
  package let stride: UInt64
  package let rankStride: UInt64
  package let expertStride: UInt64

  /// `[rank, count]`, of a stack `[experts, rank, count]`; the sizes of a kernel take the place of `count`.
  package static func rankFirst(_ factor: FactorDraft, kernel: [UInt64]? = nil, isStack: Bool = false) -> DraftLayout {
    let sizes = [factor.rank] + (kernel ?? [factor.count])
    return DraftLayout(
      shape: Shape(isStack ? [factor.experts] + sizes : sizes), stride: 1,
      rankStride: factor.count, expertStride: factor.rank &* factor.count)
  }

  /// `[count, rank]`, of a stack `[experts, count, rank]`; `ones` sizes of a kernel of one element follow.
  package static func rankLast(_ factor: FactorDraft, ones: Int = 0, isStack: Bool = false) -> DraftLayout {
    let sizes = [factor.count, factor.rank] + Array(repeating: 1, count: ones)
    return DraftLayout(
      shape: Shape(isStack ? [factor.experts] + sizes : sizes), stride: factor.rank,
      rankStride: 1, expertStride: factor.rank &* factor.count)
  }

  /// A of a stack of experts as PEFT has it: `[experts · rank, in]`, expert by expert.
  package static func stackedA(_ factor: FactorDraft) -> DraftLayout {
    DraftLayout(
      shape: [factor.experts &* factor.rank, factor.count], stride: 1, rankStride: factor.count,
      expertStride: factor.rank &* factor.count)
  }

  /// B of a stack of experts as PEFT has it: `[out, rank · experts]`, rank by rank with the expert fastest.
  package static func stackedB(_ factor: FactorDraft) -> DraftLayout {
    DraftLayout(
      shape: [factor.count, factor.rank &* factor.experts], stride: factor.rank &* factor.experts,
      rankStride: factor.experts, expertStride: 1)
  }
}
