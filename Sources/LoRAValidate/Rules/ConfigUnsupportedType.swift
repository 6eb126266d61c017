import Diagnostics
import JSON
import LoRAModel
import Safetensors
import TensorCore

extension Rule {
  /// The adapter is of another method than LoRA.
  static let configUnsupportedType = Rule(
    .configUnsupportedType, "The adapter is not LoRA",
    meaning: """
      `peft_type` names another method (AdaLoRA, LoHa, IA3, prompt tuning, …), or the tensors belong to one. Some look \
      like LoRA and are computed differently.
      """,
    consequence: """
      Multi-LoRA engines serve LoRA only. Files of a look-alike method may load and give wrong results, such as AdaLoRA \
      whose factors need a third one between them.
      """,
    remedy: """
      Merge the adapter into the base with the library that trained it, or train a LoRA. If `peft_type` is simply \
      wrong, correct it.
      """,
    repair: .no("another method does not become LoRA by another word in its config."),
    example: """
      error  config-unsupported-type  the adapter is of type IA3, and only LORA can be checked and merged
             expected LORA, found IA3
      """
  ) { context in
    let adapter = context.adapter
    guard let method = adapter.foreignMethod,
      !adapter.findings.contains(where: { $0.rule == .configUnsupportedType })
    else { return [] }
    if method == "LYCORIS_DIFF", !adapter.modules.isEmpty { return [differences(adapter)] }
    return [
      Finding(
        .configUnsupportedType, "the tensors are those of \(ForeignMethods.title(of: method)), not of LoRA",
        file: adapter.weightsPath,
        tensor: adapter.unknown.first?.name, expected: "LORA", found: escaped(method),
        hint: method.contains("PROMPT")
          ? "serve it with PEFT, which puts its virtual tokens before every prompt"
          : "only LoRA can be served from slots; merge this adapter with the library that trained it")
    ]
  }

  /// Whole differences of weights and biases beside the factors, as distilled LoRAs of video models have them.
  private static func differences(_ adapter: Adapter) -> Finding {
    let endings = [".diff", ".diff_b", ".set_weight", ".w_norm", ".b_norm"]
    let places = adapter.unknown.filter { tensor in endings.contains { tensor.name.hasSuffix($0) } }
    return Finding(
      .configUnsupportedType, severity: .warning,
      "beside the LoRA of \(counted(adapter.modules.count, "module")) the file holds "
        + "\(counted(places.count, "whole difference")) of weights, biases or norms, which ComfyUI adds; "
        + "diffusers takes biases alone and drops the rest without a word", file: adapter.weightsPath,
      tensor: places.first?.name,
      expected: "lora_down and lora_up alone", found: places.first.map { escaped($0.name, limit: 120) },
      hint: "load it with ComfyUI, or drop the differences if they are zero")
  }
}
