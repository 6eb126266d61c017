import JSON
import LoRAModel
import TensorCore

extension BaseModel {
  /// The format of a base that only another program can run, such as `MLX`; nil for those of transformers.
  var foreignFormat: String? {
    // MLX writes the group size and bits of its own packing under `quantization`, with or without a copy for others.
    if let own = config?["quantization"]?.object, own["group_size"] != nil, own["bits"] != nil,
      config?["quantization_config"]?.object?["quant_method"] == nil
    {
      return "MLX"
    }
    let named = [path, name ?? ""].contains { $0.lowercased().hasSuffix(".gguf") }
    return named || config?["quantization_config"]?.object?["quant_method"]?.string == "gguf" ? "GGUF" : nil
  }
}
