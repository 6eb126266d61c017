import JSON

/// A custom resource that names an adapter: how its specification leads to a question.
struct AdapterResource: Sendable {
  /// What a specification asks for.
  enum Reading: Equatable {
    /// An adapter to judge, the member that names it, and what of the specification is not judged with it.
    case question(Question, field: String, notes: [String])
    /// The specification can never be served: the member, and what is wrong with it.
    case invalid(field: String, String)
    /// It names nothing that can be judged here, and why.
    case unjudged(String)
  }

  let kind: AdmissionRequest.Kind
  /// Reads `spec`.
  let read: @Sendable (JSONObject) -> Reading

  /// The resources that are known.
  static let all = [productionStack, aibrix]
}

extension AdapterResource {
  /// `LoraAdapter` of the vLLM production stack.
  ///
  /// Source: github.com/vllm-project/production-stack, `helm/crds/crd-lora-adapter.yaml`, and `discoverAdapter` of
  /// `operator/internal/controller/loraadapter_controller.go`: an `adapterPath` is loaded as it is, whatever the type;
  /// without one, `huggingface` downloads `repository`, `local` is an error, and the controller reads no `s3` or `http`.
  static let productionStack = AdapterResource(
    kind: .init(group: "production-stack.vllm.ai", version: "v1alpha1", kind: "LoraAdapter")
  ) { spec in
    guard let source = spec["adapterSource"]?.object else {
      return .invalid(field: "spec.adapterSource", "it is missing or not an object")
    }
    let type = source["type"]?.string ?? ""
    let path = source["adapterPath"]?.string ?? ""
    let repository = source["repository"]?.string ?? ""
    let base = spec["baseModel"]?.string
    let notes =
      source["pattern"]?.string.map { _ in ["spec.adapterSource.pattern selects adapters by name, which is not judged"]
      }
      ?? []
    if !path.isEmpty {
      return .question(
        Question(adapter: path, base: base), field: "spec.adapterSource.adapterPath", notes: notes)
    }
    guard type != "local" else {
      return .invalid(field: "spec.adapterSource.adapterPath", "it is missing, and a local source is nothing else")
    }
    guard !repository.isEmpty else {
      return .invalid(field: "spec.adapterSource.repository", "it is missing, and there is no adapterPath either")
    }
    let address: String
    switch type {
    case "huggingface": address = "hf://" + repository
    case "s3": address = repository.hasPrefix("s3://") ? repository : "s3://" + repository
    case "http": address = repository
    default: return .unjudged("the source type \(escaped(type, limit: 80)) is not known here")
    }
    return .question(Question(adapter: address, base: base), field: "spec.adapterSource.repository", notes: notes)
  }

  /// `ModelAdapter` of AIBrix.
  ///
  /// Source: github.com/vllm-project/aibrix, `config/crd/model/model.aibrix.ai_modeladapters.yaml`, and
  /// `validateArtifactURL` of `pkg/controller/modeladapter/utils.go`: `s3://`, `gcs://`, `huggingface://`, `hf://` or a
  /// path. `baseModel` is optional.
  static let aibrix = AdapterResource(
    kind: .init(group: "model.aibrix.ai", version: "v1alpha1", kind: "ModelAdapter")
  ) { spec in
    guard let address = spec["artifactURL"]?.string, !address.isEmpty else {
      return .invalid(field: "spec.artifactURL", "it is missing or not a string")
    }
    return .question(
      Question(adapter: address, base: spec["baseModel"]?.string), field: "spec.artifactURL", notes: [])
  }
}
