package import LoRADeltas
import LoRAIO
package import Safetensors
package import TensorCore

/// A safetensors file to be written: tensors that are copied, cast, or computed in groups.
package struct SafetensorsDraft: Sendable {
  private struct Tensor: Sendable {
    var name: String
    var dtype: DType
    var shape: Shape
    var source: Source
  }

  private enum Source: Sendable {
    case file(TensorInfo, SafetensorsFile, finite: Bool)
    case group
  }

  private struct Group: Sendable {
    var names: [String]
    var make: Computation<[[UInt8]]>
  }

  private var tensors: [Tensor] = []
  private var groups: [Group] = []
  /// Texts for the header.
  package var metadata: [(key: String, value: String)] = []

  package init() {}

  /// The names so far.
  package var names: [String] { tensors.map(\.name) }

  /// Adds a tensor of a file under a name.
  ///
  /// - Parameters:
  ///   - dtype: the type to cast it to, floating-point; nil keeps its bytes.
  ///   - shape: the shape to give the elements, of the same number; nil keeps the tensor's.
  ///   - finite: whether values that are not finite are refused, of a tensor that is copied as it is.
  package mutating func copy(
    _ tensor: TensorInfo, of file: SafetensorsFile, as name: String, dtype: DType? = nil, shape: Shape? = nil,
    finite: Bool = false
  ) {
    let target = dtype.flatMap { tensor.dtype.isFloat ? $0 : nil } ?? tensor.dtype
    tensors.append(
      Tensor(
        name: name, dtype: target, shape: shape ?? tensor.shape,
        source: .file(tensor, file, finite: finite && tensor.dtype.isFloat)))
  }

  /// Adds a tensor of zeros, which takes no work: what no part of a file writes is zero.
  package mutating func zeros(_ name: String, dtype: DType, shape: Shape) {
    tensors.append(Tensor(name: name, dtype: dtype, shape: shape, source: .group))
  }

  /// Adds tensors that one computation gives, in this order; each result must have its tensor's size.
  package mutating func make(
    _ made: [(name: String, dtype: DType, shape: Shape)],
    _ body: @escaping Computation<[[UInt8]]>
  ) {
    for (name, dtype, shape) in made {
      tensors.append(Tensor(name: name, dtype: dtype, shape: shape, source: .group))
    }
    groups.append(Group(names: made.map(\.name), make: body))
  }

  /// The file with its header and the places of all tensors.
  package func file(named name: String) throws(SurgeryError) -> DraftFile {
    do throws(HeaderWriterError) {
      let layout = try SafetensorsWriter.layout(of: tensors.map { ($0.name, $0.dtype, $0.shape) })
      let head = try HeaderWriter.bytes(of: layout, metadata: metadata)
      let start = UInt64(head.count)
      // The header's names are all different: it would not have been written otherwise.
      let places = Dictionary(layout.map { ($0.name, $0) }) { first, _ in first }
      var parts: [DraftPart] = []
      for tensor in tensors {
        guard case .file(let source, let file, let isFinite) = tensor.source, let place = places[tensor.name] else {
          continue
        }
        let content: DraftPart.Content =
          source.dtype != tensor.dtype
          ? .cast(source, from: file, to: tensor.dtype)
          : isFinite
            ? .finite(source, from: file) : .copy(from: file, at: file.offset(of: source), count: source.byteCount)
        parts.append(DraftPart(at: start + place.begin, content, units: place.byteCount))
      }
      for group in groups {
        let targets = group.names.compactMap { places[$0] }
        let make = group.make
        parts.append(
          DraftPart(
            .made { () throws(SurgeryError) in
              let results = try make()
              precondition(
                results.count == targets.count
                  && zip(results, targets).allSatisfy { UInt64($0.count) == $1.byteCount },
                "a computation gave other sizes than it had said")
              return zip(targets, results).map { (start + $0.begin, $1) }
            }, units: targets.reduce(0) { $0 + $1.byteCount }))
      }
      let size = start + (layout.map(\.end).max() ?? 0)
      return DraftFile(name, .laidOut(LaidOutFile(head: head, size: size, parts: parts)))
    } catch {
      throw .header(file: name, error)
    }
  }
}
