import JSON

/// A repository of models on the Hugging Face Hub: `hf://ORG/NAME[@REVISION][/PATH]`.
struct HubAddress: Equatable {
  /// `ORG/NAME`, or a name alone.
  let repository: String
  /// A branch, a tag or a commit.
  let revision: String
  /// The address without the path, as it was written.
  let root: String

  /// Reads an address.
  ///
  /// - Throws: when it is none.
  init(parsing text: String) throws(RemoteFailure) {
    let malformed = RemoteFailure(.other, "it is not hf://ORG/NAME, hf://ORG/NAME@REVISION or one of them with /PATH")
    guard text.hasPrefix("hf://") else { throw malformed }
    var parts = text.dropFirst(5).split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
    while parts.last == "" { parts.removeLast() }
    guard let first = parts.first else { throw malformed }
    if ["datasets", "spaces", "buckets"].contains(first) {
      throw RemoteFailure(.other, "\(first) of the Hub are not read; name a repository of a model")
    }
    // Of `refs/pr/1` the slashes belong to the revision.
    let last = min(1, parts.count - 1)
    let count = parts[last].hasSuffix("@refs") ? last + 3 : last + 1
    guard count <= parts.count else { throw malformed }
    let whole = parts[..<count].joined(separator: "/")
    guard let (id, revision) = HubCache.repository(whole.percentDecoded) else { throw malformed }
    repository = id
    self.revision = revision
    root = "hf://" + whole
  }
}
