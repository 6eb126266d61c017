import JSON
import LoRAServe

/// Admission reviews as Kubernetes sends them.
enum Reviews {
  /// The specification of a `LoraAdapter` on a local path.
  static func local(_ path: String, base: String = "llama") -> JSONValue {
    [
      "baseModel": .string(base),
      "adapterSource": ["type": "local", "adapterName": "support", "adapterPath": .string(path)],
      "loraAdapterDeploymentConfig": ["algorithm": "default", "replicas": 1],
    ]
  }

  /// A `LoraAdapter` of the production stack.
  static func loraAdapter(_ spec: JSONValue) -> JSONValue {
    object("production-stack.vllm.ai/v1alpha1", "LoraAdapter", spec)
  }

  /// A `ModelAdapter` of AIBrix.
  static func modelAdapter(_ address: String, base: String? = "llama") -> JSONValue {
    var spec: JSONObject = ["artifactURL": .string(address), "podSelector": ["matchLabels": [:]]]
    spec["baseModel"] = base.map { .string($0) }
    return object("model.aibrix.ai/v1alpha1", "ModelAdapter", .object(spec))
  }

  static func object(_ apiVersion: String, _ kind: String, _ spec: JSONValue) -> JSONValue {
    [
      "apiVersion": .string(apiVersion), "kind": .string(kind),
      "metadata": ["name": "support", "namespace": "serving"],
      "spec": spec,
    ]
  }

  /// The review of an object.
  static func review(
    _ object: JSONValue, old: JSONValue = .null, operation: String = "CREATE", uid: String = "705ab4f5-6393"
  ) -> JSONValue {
    let apiVersion = (object["apiVersion"] ?? old["apiVersion"])?.string ?? ""
    let parts = apiVersion.split(separator: "/").map { String($0) }
    return [
      "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
      "request": [
        "uid": .string(uid),
        "kind": [
          "group": .string(parts.first ?? ""), "version": .string(parts.last ?? ""),
          "kind": object["kind"] ?? old["kind"] ?? "",
        ],
        "resource": ["group": "production-stack.vllm.ai", "version": "v1alpha1", "resource": "loraadapters"],
        "name": "support", "namespace": "serving", "operation": .string(operation),
        "userInfo": ["username": "somebody"], "object": object, "oldObject": old, "dryRun": false,
        "options": ["apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"],
      ],
    ]
  }
}

/// A judge that gives one answer and notes what it was asked.
final class FixedJudge: Judge {
  private let answer: Judgement

  init(_ answer: Judgement) { self.answer = answer }

  func judge(_ question: Question, within seconds: Double) -> Judgement {
    // The adapter's path is what the tests of readings look at.
    if case .judged(let document) = answer, document == .null { return .unjudged(question.json.text()) }
    return answer
  }

  /// A document of `validate` with these findings.
  static func document(_ status: String, _ findings: [(rule: String, severity: String, message: String)] = [])
    -> JSONValue
  {
    [
      "schema": "lora-tool/validate/1", "status": .string(status), "checked": 1,
      "adapters": [
        [
          "path": "/a", "status": .string(status),
          "findings": .array(
            findings.map {
              [
                "rule": .string($0.rule), "severity": .string($0.severity), "message": .string($0.message),
                "file": "/a",
              ]
            }),
        ]
      ],
    ]
  }
}

extension Service {
  /// A service with a judge of one answer.
  convenience init(answering judgement: Judgement, _ change: (inout AdmissionPolicy) -> Void = { _ in }) {
    var policy = AdmissionPolicy()
    policy.knowsBases = true
    policy.hasEngine = true
    policy.readsHeadersOnly = false
    change(&policy)
    self.init(judge: FixedJudge(judgement), policy: policy, toolVersion: "0.1.0", log: { _ in })
  }

  /// The answer to a review.
  func admit(_ review: JSONValue) throws -> (status: Int, response: JSONValue) {
    let answer = answer(HTTPRequest("POST", "/admission", body: Array(review.text().utf8)))
    let document = try JSONValue(parsing: answer.response.body)
    return (answer.response.status, document["response"] ?? document)
  }
}
