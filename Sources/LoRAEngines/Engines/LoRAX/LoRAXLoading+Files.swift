import JSON
import LoRAIO
import LoRAModel
import Safetensors

extension LoRAXLoading {
  /// Other weights files of the folder: all are read, as they are listed, and the last tensor of a name counts
  /// (`load_module_map` in utils/adapter.py).
  var fileReasons: [ServingReason] {
    question.otherWeightsFiles.compactMap { other in
      let path = Folder.join(Folder.parent(question.adapter.weightsPath), other)
      let name = escaped(other, limit: 100)
      guard let file = try? SafetensorsFile.open(path) else {
        return reason(
          .refused, "\(name) beside the weights, which it can't read", found: name,
          hint: "keep one weights file in the adapter's folder")
      }
      let isAsked = file.header.tensors.contains { tensor in
        ["A", "B"].contains { Self.factor(tensor.name, $0).flatMap { asked($0) } != nil }
      }
      guard isAsked else { return nil }
      return reason(
        .misapplied, "the adapter: it also reads \(name), whose factors may come before or after those of the weights",
        found: name, hint: "keep one weights file in the adapter's folder")
    }
  }
}
