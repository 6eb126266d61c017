/// What is served under which path.
package enum Route: String, CaseIterable, Sendable {
  case health = "/healthz"
  case readiness = "/readyz"
  case metrics = "/metrics"
  case validate = "/validate"
  case admission = "/admission"

  /// The methods that it takes.
  package var methods: [String] {
    switch self {
    case .health, .readiness, .metrics: ["GET", "HEAD"]
    case .validate, .admission: ["POST"]
    }
  }

  /// Whether a judge is asked, which may take time.
  package var isJudged: Bool { self == .validate || self == .admission }
}
