import Diagnostics
import JSON
package import TensorCore

/// A base model and the adapters that one server serves with it: what every `ServerTarget` writes from.
package struct ServedFleet: Sendable {
  /// An adapter that is served.
  package struct Adapter: Sendable {
    /// The name that clients ask for; no other adapter and not the base has it.
    package var name: String
    /// Its folder, absolute where it exists.
    package var path: String
    /// The model that a request to the server itself names.
    package var requestName: String

    package init(name: String, path: String, requestName: String) {
      self.name = name
      self.path = path
      self.requestName = requestName
    }
  }

  /// An adapter that is not served, and why.
  package struct Omission: Sendable {
    /// The path as it was given.
    package var path: String
    /// What the server would make of it, in one sentence.
    package var reason: String

    package init(path: String, reason: String) {
      self.path = path
      self.reason = reason
    }

    /// A line about it, safe in a comment of any format.
    package var remark: String { "left out: \(escaped(path, limit: 500)): \(escaped(reason, limit: 500))" }
  }

  /// The model that the server loads: a folder or a repository.
  package var base: String
  /// The model that a request for the base names.
  package var baseRequestName: String
  /// The adapters, in the order they were given.
  package var adapters: [Adapter]
  /// The adapters that are left out.
  package var omissions: [Omission] = []
  /// Names of served adapters that were not held against the server's code.
  package var unjudged: [String] = []
  /// Adapters that are on the device at one time.
  package var slots: UInt64
  /// Rank that every slot has room for.
  package var rank: UInt64
  /// Size of the largest adapter in bytes.
  package var largestAdapter: UInt64 = 0
  /// Type that factors are held in.
  package var dtype: DType
  /// Modules that have slots; nil for all.
  package var targetModules: [String]?
  /// Devices that share each layer.
  package var tensorParallel: UInt64 = 1
  /// Memory of a device in bytes, where it was given.
  package var memory: UInt64?
  /// Share of the memory that the server takes.
  package var memoryUtilization = 0.9
  /// Whether the key-value cache has eight bits.
  package var usesFP8Cache = false
  /// Tokens of a block of the key-value cache.
  package var blockSize: UInt64 = 16
  /// The server that a gateway forwards to, by the name of its target.
  package var server: String
  /// The server's name in messages.
  package var serverTitle: String
  /// Where that server listens, without a path.
  package var serverURL: String

  /// A fleet of which the rest is at its defaults.
  package init(
    base: String, baseRequestName: String, adapters: [Adapter], slots: UInt64, rank: UInt64, dtype: DType,
    server: String,
    serverTitle: String, serverURL: String
  ) {
    self.base = base
    self.baseRequestName = baseRequestName
    self.adapters = adapters
    self.slots = slots
    self.rank = rank
    self.dtype = dtype
    self.server = server
    self.serverTitle = serverTitle
    self.serverURL = serverURL
  }

  /// The defaults of the planner, which `CapacityRequest` has, too.
  package static let defaultUtilization = 0.9
  package static let defaultBlockSize: UInt64 = 16

  /// What a reader has to know of adapters that are left out or were never tried: a line each, safe in a comment.
  package var remarks: [String] { omissions.map(\.remark) + (unjudgedRemark.map { [$0] } ?? []) }

  /// A line about served adapters that were not held against the server's code; nil when there are none.
  package var unjudgedRemark: String? {
    guard !unjudged.isEmpty else { return nil }
    return "try before use: \(listing(unjudged)): whether \(serverTitle) applies "
      + "\(unjudged.count == 1 ? "it" : "them") as trained is not known"
  }
}

extension ServedFleet {
  /// Names for adapters in these folders: the folder's own, made safe for clients, shells and option parsers, and with a
  /// number where two adapters, or an adapter and the base, would share one.
  package static func names(for folders: [String], besides base: String) -> [String] {
    let plain = folders.map(plainName)
    var free: [String: Int] = [:]
    for name in plain { free[name, default: 0] += 1 }
    var taken: Set<String> = [base]
    return plain.map { name in
      var candidate = name
      var number = 1
      // A number must not make the name of another folder, either.
      while taken.contains(candidate) || (number > 1 && free[candidate] != nil) {
        number += 1
        candidate = "\(name)-\(number)"
      }
      taken.insert(candidate)
      return candidate
    }
  }

  /// Letters, digits, `.`, `_` and `-`, not beginning with `-`: no separator of any of the formats.
  private static func plainName(_ name: String) -> String {
    let kept = name.map { $0.isLetter || $0.isNumber || "._-".contains($0) ? $0 : "-" }
    let plain = String(kept.drop { $0 == "-" })
    return plain.isEmpty ? "adapter" : plain
  }
}
