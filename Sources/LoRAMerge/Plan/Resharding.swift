import LoRAIO
import Safetensors
import TensorCore

/// Spreads the tensors of a model over shards of a largest size, in the order of the base, as transformers does: a
/// shard is closed when the next tensor would make it too large.
struct Resharding {
  private let stem: String
  private let metadata: [(key: String, value: String)]
  private let limit: UInt64

  /// Shards with at most `limit` bytes of tensors.
  init(_ checkpoint: Checkpoint, limit: UInt64) {
    stem = checkpoint.stem
    let format = checkpoint.files.first?.header.metadata("format") ?? "pt"
    metadata = [("format", format)]
    self.limit = limit
  }

  /// The shards: `model-00001-of-00003.safetensors` and so on, or `model.safetensors` when one is enough.
  ///
  /// Changed shards get the record of their origin, when there is one.
  func shards(_ entries: [ShardLayout.Entry], _ record: inout MergeRecord?) throws(MergeError) -> [ShardPlan] {
    var layouts: [ShardLayout] = [ShardLayout()]
    for entry in entries {
      let end = layouts[layouts.count - 1].end
      if end > 0, entry.byteCount > limit || end > limit - entry.byteCount { layouts.append(ShardLayout()) }
      layouts[layouts.count - 1].append(entry)
    }
    var shards: [ShardPlan] = []
    for (position, layout) in layouts.enumerated() {
      let name =
        layouts.count == 1
        ? "\(stem).safetensors" : "\(stem)-\(padded(position + 1))-of-\(padded(layouts.count)).safetensors"
      do throws(HeaderWriterError) {
        if layout.isChanged, var known = record {
          shards.append(try known.shard(layout, named: name, metadata: metadata))
          record = known
        } else {
          shards.append(try layout.shard(named: name, metadata: metadata))
        }
      } catch {
        throw .header(file: name, error)
      }
    }
    return shards
  }

  private func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }
}

extension Checkpoint {
  /// What the names of the shards begin with, such as `model`.
  var stem: String {
    guard let first = files.first else { return "model" }
    var name = Folder.lastComponent(first.path)
    for suffix in SafetensorsFile.compressedExtensions + [".safetensors"] where name.hasSuffix(suffix) {
      name.removeLast(suffix.count)
    }
    // model-00001-of-00003
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[parts.count - 2] == "of", UInt64(parts[parts.count - 3]) != nil else { return name }
    return parts.dropLast(3).joined(separator: "-")
  }
}
