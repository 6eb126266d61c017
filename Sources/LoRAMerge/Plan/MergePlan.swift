public import Safetensors
public import TensorCore

/// Everything that a merge will do, decided before anything is written: which bytes of which file go where, and which
/// matrices are computed.
///
/// A plan is a value: the same base, adapters and options give the same plan, and the same plan gives the same bytes
/// whatever the number of threads.
public struct MergePlan: Sendable {
  /// The files that bytes are read from: the shards of the base, then the weights of the adapters.
  public internal(set) var sources: [SafetensorsFile]
  /// Folder of the base, which is never written to.
  public internal(set) var baseFolder: String
  /// The safetensors files of the output.
  public internal(set) var shards: [ShardPlan]
  /// All other files of the output, in the order in which they are written; a config.json is the last, so that no
  /// loader takes an unfinished folder for a model.
  public internal(set) var files: [SideFile]
  /// Files of the base folder that are left out, because their weights would be stale.
  public internal(set) var skipped: [String]
  /// The adapters in the order of their deltas.
  public internal(set) var adapters: [PlannedAdapter]
  /// Tensors of the output that are computed.
  public internal(set) var mergedTensors: [String]
  /// Tensors of the output that come from an adapter as they are.
  public internal(set) var replacedTensors: [String]
  /// Tensors of the output that the files of the base do not hold: an output head that was tied.
  public internal(set) var addedTensors: [String]
  /// Whether input embedding and output head were one tensor and no longer are.
  public internal(set) var unties: Bool
  /// Sentences about what is worth knowing.
  public internal(set) var warnings: [String]
  /// How changed tensors are rounded to 16-bit types.
  public var rounding = RoundingMode.nearest
  /// Least share of its change that every module must keep; nil for any.
  public var minimumRetention: Double?
  /// How many digests of inputs the output names.
  public var provenance = Provenance.none
  /// What the plan was made of.
  public var identity = PlanIdentity.none

  /// Number of tensors of the output.
  public var tensorCount: Int { shards.reduce(0) { $0 + $1.tensors.count } }

  /// Bytes of all files of the output.
  public var outputBytes: UInt64 {
    shards.reduce(0) { $0 + $1.size } + files.reduce(0) { $0 + $1.size }
  }
}

/// An adapter as a plan counts it.
public struct PlannedAdapter: Sendable, Equatable {
  /// The path as the user gave it.
  public internal(set) var path: String
  /// Factor of its scale.
  public internal(set) var weight: Double
  /// Number of modules that it changes.
  public internal(set) var modules: Int
}

/// One safetensors file of the output.
public struct ShardPlan: Sendable, Equatable {
  /// Base name.
  public internal(set) var name: String
  /// Its tensors, in the order of their data.
  public internal(set) var tensors: [TensorInfo]
  /// Bytes of length prefix and header.
  public internal(set) var dataStart: UInt64
  /// What is done, in the order of the file; together the steps cover every byte.
  public internal(set) var steps: [MergeStep]
  /// Size in bytes.
  public internal(set) var size: UInt64
}

/// How some bytes of an output shard come to be.
public struct MergeStep: Sendable, Equatable {
  /// The ways.
  public enum Work: Sendable, Equatable {
    /// These bytes, which are a header.
    case write(DigestTemplate)
    /// Bytes of a source as they are.
    case copy(TensorSource)
    /// Elements of a source rounded to another type.
    case convert(TensorSource, to: DType)
    /// Rows of a matrix with deltas added.
    case merge(MatrixUpdate)
    /// Codes of 8-bit floats of a weight with deltas added.
    case requantize(Requantization)
    /// Their scales.
    case rescale(Requantization)
  }

  /// Where the first byte goes, counted from the start of the file.
  public internal(set) var offset: UInt64
  /// Number of bytes.
  public internal(set) var count: UInt64
  /// How they are made.
  public internal(set) var work: Work
}

/// A file of the output that is no shard.
public struct SideFile: Sendable, Equatable {
  /// Where its bytes come from.
  public enum Contents: Sendable, Equatable {
    /// Copied from this path, symbolic links followed.
    case copied(from: String)
    /// These bytes.
    case written(DigestTemplate)
  }

  /// Path within the output folder.
  public internal(set) var name: String
  /// Where its bytes come from.
  public internal(set) var contents: Contents
  /// Size in bytes when the plan was made.
  public internal(set) var size: UInt64
}

extension MergeStep {
  /// The matrices with deltas that the step writes.
  package var updates: [MatrixUpdate] {
    switch work {
    case .merge(let update): [update]
    case .requantize(let work): work.updates.filter { !$0.deltas.isEmpty }
    case .write, .copy, .convert, .rescale: []
    }
  }
}
