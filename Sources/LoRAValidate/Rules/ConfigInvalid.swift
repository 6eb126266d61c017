import LoRAModel
import Safetensors
import TensorCore

extension Rule {
  /// The config cannot be read as what it should be, or contradicts itself or the file.
  static let configInvalid = Rule(
    .configInvalid, "The adapter config is invalid or contradicts itself",
    meaning: """
      `adapter_config.json` is not JSON, has a field of the wrong type, a rank that is not positive, no alpha, a \
      pattern that is no regular expression, switches on variants that exclude each other, or says that something is \
      off of which the file has tensors.
      """,
    consequence: """
      PEFT or the engine refuses the adapter, or takes a default (alpha 8, no DoRA) and serves it with another result \
      than it was trained with.
      """,
    remedy: "Correct the named field to what the adapter was trained with, or export it again.",
    example: """
      error  config-invalid  r is 0, which is no possible rank
             expected a positive integer, found 0
      """
  ) { context in
    guard let config = context.adapter.config else { return [] }
    var findings: [Finding] = []
    if let text = context.plainTargetText {
      let names = text.split { $0 == "," || $0 == " " }.map { "\"\(escaped(String($0), limit: 60))\"" }.joined(
        separator: ", ")
      findings.append(
        Finding(
          .configInvalid,
          "target_modules is the text \"\(escaped(text, limit: 120))\", which PEFT takes for a regular expression of whole "
            + "names: it matches no module, and PEFT refuses the adapter",
          file: config.path, expected: "[\(names)]", found: "\"\(escaped(text, limit: 120))\"",
          hint: "write the names as a list: [\(names)]"))
    }
    for problem in context.matching?.problems ?? [] {
      findings.append(
        Finding(
          .configInvalid, "\(problem.field) has a pattern that cannot be used: \(problem.reason)", file: config.path,
          found: escaped(problem.pattern, limit: 120),
          hint: "PEFT reads the entry as a Python regular expression; correct it"))
    }
    let modules = context.adapter.modules
    let magnitudes = modules.filter { $0.magnitude != nil }
    if !config.usesDoRA, let first = magnitudes.first {
      findings.append(
        Finding(
          .configInvalid,
          "\(phrase(magnitudes.map(\.name), of: modules.count)) has a DoRA magnitude but the config says use_dora false, "
            + "so loaders drop the magnitudes and the result is another one than trained",
          file: config.path, tensor: first.magnitude?.name, module: first.name, expected: "\"use_dora\": true",
          found: "\"use_dora\": false", hint: "set use_dora to true if the adapter was trained with DoRA"))
    }
    let biased = modules.filter { $0.bBias != nil }
    if !config.hasLoRABias, let first = biased.first {
      findings.append(
        Finding(
          .configInvalid, severity: .warning,
          "\(phrase(biased.map(\.name), of: modules.count)) has a bias on lora_B but the config says lora_bias false, "
            + "so PEFT ignores these tensors without a word",
          file: config.path, tensor: first.bBias?.name, module: first.name, expected: "\"lora_bias\": true",
          found: "\"lora_bias\": false", hint: "set lora_bias to true, or drop the tensors if they are not wanted"))
    }
    return findings
  }
}

extension ValidationContext {
  /// What `target_modules` holds when it is the text of one or more plain names, of which none is the whole name of a
  /// module.
  var plainTargetText: String? {
    guard case .pattern(let text)? = adapter.config?.targets, !adapter.modules.isEmpty,
      matching?.targetsAllLinear == false,
      !text.contains(where: { "\\*+?[](){}|^$".contains($0) }),
      !names.contains(where: { matching?.targets($0) ?? false })
    else { return nil }
    return text
  }
}
