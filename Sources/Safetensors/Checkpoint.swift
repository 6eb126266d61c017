/// The weights of a model: one file, or shards with an index, as one table of tensors.
public struct Checkpoint: Sendable {
  /// A tensor and the shard that holds it.
  public struct Entry: Sendable {
    /// Position of the shard in `files`.
    public var file: Int
    /// What its header says.
    public var info: TensorInfo

    /// A tensor of the shard at `file`.
    public init(file: Int, info: TensorInfo) {
      self.file = file
      self.info = info
    }
  }

  /// The shards, sorted by name.
  public var files: [SafetensorsFile]
  /// Path of the `*.index.json`, when there is one.
  public var indexPath: String?
  /// Every tensor by name.
  public var tensors: [String: Entry]
}
