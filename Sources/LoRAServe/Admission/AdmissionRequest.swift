import JSON

/// The request of an `AdmissionReview` of `admission.k8s.io/v1`, as far as it is looked at.
///
/// Names of members: k8s.io/api/admission/v1/types.go.
struct AdmissionRequest {
  /// Group, version and kind of the object, such as `production-stack.vllm.ai/v1alpha1, LoraAdapter`.
  struct Kind: Equatable, Sendable {
    let group: String
    let version: String
    let kind: String

    var text: String { "\(kind) of \(group.isEmpty ? version : "\(group)/\(version)")" }
  }

  /// What the answer has to repeat.
  let uid: String
  let kind: Kind
  /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
  let operation: String
  /// `status` and the like, which hold nothing to judge; nil for the object itself.
  let subresource: String?
  /// `namespace/name` for the log.
  let name: String
  let object: JSONObject?
  let oldObject: JSONObject?

  static let version = "admission.k8s.io/v1"

  /// Longest `uid` that is repeated, in bytes; Kubernetes sends 36.
  private static let uidLimit = 256

  /// Reads a whole review.
  init(parsing body: [UInt8]) throws(BadRequest) {
    let review = try JSONValue(body: body)
    guard review["kind"]?.string == "AdmissionReview", review["apiVersion"]?.string == Self.version else {
      throw BadRequest("the body is not an AdmissionReview of \(Self.version); set admissionReviewVersions to [\"v1\"]")
    }
    guard let request = review["request"]?.object else { throw BadRequest("\"request\" is missing or not an object") }
    guard let uid = try request.text("uid"), !uid.isEmpty, uid.utf8.count <= Self.uidLimit else {
      throw BadRequest("\"request.uid\" is missing, empty or longer than \(Self.uidLimit) bytes")
    }
    guard let operation = try request.text("operation"),
      ["CREATE", "UPDATE", "DELETE", "CONNECT"].contains(operation)
    else { throw BadRequest("\"request.operation\" is missing or not CREATE, UPDATE, DELETE or CONNECT") }
    guard let kind = request["kind"]?.object, let name = try kind.text("kind"), let version = try kind.text("version")
    else { throw BadRequest("\"request.kind\" lacks its kind or version") }
    self.uid = uid
    self.operation = operation
    self.kind = Kind(group: try kind.text("group") ?? "", version: version, kind: name)
    subresource = try request.text("subResource").flatMap { $0.isEmpty ? nil : $0 }
    self.name = [try request.text("namespace"), try request.text("name")].compactMap(\.self).joined(separator: "/")
    object = try Self.object("object", request)
    oldObject = try Self.object("oldObject", request)
  }

  private static func object(_ key: String, _ request: JSONObject) throws(BadRequest) -> JSONObject? {
    guard let value = request[key], !value.isNull else { return nil }
    guard let object = value.object else { throw BadRequest("\"request.\(key)\" is \(value.kindName), not an object") }
    return object
  }

  /// Whether the object is on its way out: all that is left are finalizers that must be taken off.
  var isBeingDeleted: Bool { object?["metadata"]?["deletionTimestamp"].map { !$0.isNull } ?? false }
}
