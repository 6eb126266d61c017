package import JSON
package import LoRADeltas
import LoRAIO
package import Safetensors
package import TensorCore

/// What is going to be written, as a value: the files of one adapter, before any of them is there.
package struct AdapterDraft: Sendable {
  /// The files, written in parallel and published together.
  package var files: [DraftFile]

  package init(_ files: [DraftFile]) { self.files = files }

  /// Bytes of the files that are laid out: the weights.
  package var weightBytes: UInt64 {
    files.reduce(0) { sum, file in
      if case .laidOut(let file) = file.content { sum + file.size } else { sum }
    }
  }
}

/// One file of a draft.
package struct DraftFile: Sendable {
  /// Where its bytes come from.
  package enum Content: Sendable {
    case bytes([UInt8])
    /// Bytes that are computed while the files are written, such as a record with digests.
    case made(Computation<[UInt8]>)
    /// A file that is copied as it is.
    case copy(of: String)
    /// A head, and parts at offsets behind it.
    case laidOut(LaidOutFile)
  }

  /// Its base name.
  package let name: String
  package var content: Content

  package init(_ name: String, _ content: Content) { (self.name, self.content) = (name, content) }

  /// A JSON document with a line end.
  package init(_ name: String, json: JSONValue) {
    self.init(name, .bytes(Array((json.text(pretty: true) + "\n").utf8)))
  }
}

/// A file whose size and places are known before its data: safetensors, GGUF, npy.
package struct LaidOutFile: Sendable {
  /// The first bytes.
  package var head: [UInt8]
  /// Bytes of the whole file; what no part writes is zero.
  package var size: UInt64
  /// What is written behind the head, in any order and by several threads.
  package var parts: [DraftPart]

  package init(head: [UInt8], size: UInt64, parts: [DraftPart]) {
    (self.head, self.size, self.parts) = (head, size, parts)
  }
}

/// A piece of a file that one thread writes.
package struct DraftPart: Sendable {
  package enum Content: Sendable {
    /// Bytes of another file as they are, such as a tensor's, from its contents.
    case copy(from: SafetensorsFile, at: UInt64, count: UInt64)
    /// A tensor's bytes as they are, refused when one of its values is not finite.
    case finite(TensorInfo, from: SafetensorsFile)
    /// A tensor's elements in another type, each rounded once.
    case cast(TensorInfo, from: SafetensorsFile, to: DType)
    /// What a computation gives, each piece at its offset from the file's first byte.
    case made(Computation<[(offset: UInt64, bytes: [UInt8])]>)
  }

  /// Where a copied, checked or cast part begins in the file; not used by computed ones.
  package let offset: UInt64
  package let content: Content
  /// Units of progress that it stands for.
  package let units: UInt64

  package init(at offset: UInt64 = 0, _ content: Content, units: UInt64 = 1) {
    (self.offset, self.content, self.units) = (offset, content, units)
  }
}
