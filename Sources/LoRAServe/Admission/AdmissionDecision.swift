import JSON
import TensorCore

/// The answer to an `AdmissionRequest`.
///
/// Names of members: k8s.io/api/admission/v1/types.go and k8s.io/apimachinery/pkg/apis/meta/v1/types.go (`Status`).
struct AdmissionDecision {
  /// What was decided, as metrics and the log call it.
  enum Outcome: String {
    /// Judged, and nothing stands against it.
    case allowed
    /// Judged, and refused.
    case denied
    /// Let in without having been judged.
    case allowedUnjudged = "allowed-unjudged"
    /// Refused because it could not be judged.
    case deniedUnjudged = "denied-unjudged"
    /// Nothing to judge: a deletion, a status.
    case notConcerned = "not-concerned"
  }

  var outcome: Outcome
  /// Why it was denied, in a few sentences.
  var message = ""
  /// Single reasons: the rule, what it says and the member of the specification.
  var causes: [(reason: String, message: String, field: String)] = []
  var warnings: [String] = []
  /// What Kubernetes writes into its audit log, by key.
  var annotations: [String: String] = [:]

  /// Most causes that are listed.
  private static let causeLimit = 32

  private var isAllowed: Bool { outcome != .denied && outcome != .deniedUnjudged }

  /// The whole `AdmissionReview`.
  func review(uid: String) -> JSONValue {
    var response: JSONObject = ["uid": .string(uid), "allowed": .bool(isAllowed)]
    if !isAllowed { response["status"] = status }
    if !warnings.isEmpty { response["warnings"] = .array(Warnings.fitted(warnings).map { .string($0) }) }
    if !annotations.isEmpty {
      response["auditAnnotations"] = .object(
        JSONObject(annotations.ordered { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }
    return ["apiVersion": .string(AdmissionRequest.version), "kind": "AdmissionReview", "response": .object(response)]
  }

  /// `Status`: 422 for what was judged and found wrong, 403 for what was not judged.
  private var status: JSONValue {
    var status: JSONObject = [
      "status": "Failure", "message": .string(escaped(message, limit: 4000)),
      "reason": outcome == .denied ? "Invalid" : "Forbidden", "code": outcome == .denied ? 422 : 403,
    ]
    if !causes.isEmpty {
      status["details"] = [
        "causes": .array(
          causes.prefix(Self.causeLimit).map {
            [
              "reason": .string($0.reason), "message": .string(escaped($0.message, limit: 1000)),
              "field": .string($0.field),
            ]
          })
      ]
    }
    return .object(status)
  }
}

/// Warnings as Kubernetes passes them on: at most 256 bytes each and 4096 together, in one line of printable characters.
///
/// Source: the reference of dynamic admission control, "Response"; what is longer may be cut or dropped there.
enum Warnings {
  private static let limit = 256
  private static let total = 4096

  /// As many of the warnings as are passed on, each cut where it is too long.
  static func fitted(_ warnings: [String]) -> [String] {
    var left = total - limit
    var fitted: [String] = []
    for (position, warning) in warnings.enumerated() {
      let text = cut(escaped(warning, limit: limit))
      guard text.utf8.count <= left else { return fitted + ["\(warnings.count - position) more warnings are left out"] }
      left -= text.utf8.count
      fitted.append(text)
    }
    return fitted
  }

  private static func cut(_ text: String) -> String {
    guard text.utf8.count > limit else { return text }
    var end = ""
    for character in text {
      guard end.utf8.count + character.utf8.count <= limit - 3 else { break }
      end.append(character)
    }
    return end + "…"
  }
}
