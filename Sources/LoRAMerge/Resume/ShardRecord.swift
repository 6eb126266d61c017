import JSON
import TensorCore

/// What is noted about a finished shard, so that a later run need not make it again.
package struct ShardRecord: Sendable, Equatable {
  /// Digest of its size and samples of its bytes (`FileIdentity`).
  var sample: String
  /// How its matrices were rounded, by the position of their step in the shard.
  var rounding: [Int: RoundingStatistics]
  /// Digests of sources, by their position, that were computed for it.
  var digests: [Int: String]

  package init(sample: String, rounding: [Int: RoundingStatistics], digests: [Int: String]) {
    self.sample = sample
    self.rounding = rounding
    self.digests = digests
  }

  /// The record as JSON, with a digest of itself.
  package var text: String {
    var object = json
    object["record_sha256"] = .string(FileIdentity.digest(of: Array(JSONValue.object(json).text().utf8)))
    return JSONValue.object(object).text() + "\n"
  }

  private var json: JSONObject {
    var rounding = JSONObject()
    for (step, value) in self.rounding.ordered(by: { $0.key < $1.key }) { rounding[String(step)] = value.exactJSON }
    var digests = JSONObject()
    for (source, digest) in self.digests.ordered(by: { $0.key < $1.key }) { digests[String(source)] = .string(digest) }
    return ["sample_sha256": .string(sample), "rounding": .object(rounding), "digests": .object(digests)]
  }

  /// Reads what `text` gave; nil when it is something else, by a single bit.
  package init?(parsing text: [UInt8]) {
    guard let json = try? JSONValue(parsing: text), let sample = json["sample_sha256"]?.string,
      let rounding = json["rounding"]?.object, let digests = json["digests"]?.object
    else { return nil }
    self.init(sample: sample, rounding: [:], digests: [:])
    for (key, value) in rounding.members {
      guard let step = Int(key), let value = RoundingStatistics(exact: value) else { return nil }
      self.rounding[step] = value
    }
    for (key, value) in digests.members {
      guard let source = Int(key), let digest = value.string, digest.utf8.count == DigestTemplate.digestLength else {
        return nil
      }
      self.digests[source] = digest
    }
    guard self.text.utf8.elementsEqual(text) else { return nil }
  }
}
