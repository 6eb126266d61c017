public import LoRAValidate

extension Policy {
  /// The text of a policy to start from: every setting with what it means.
  ///
  /// What is switched on lets every honest adapter of ordinary size pass; lines that begin with `#` and no space are
  /// settings that are switched off.
  public static let starter = """
    # What our adapters must be like, checked by
    #
    #   lora-tool validate --policy lora-policy.yml ADAPTER...
    #
    # Everything is optional: what is not set is not limited. Remove the # before a setting to switch it on.
    # 'lora-tool policy check' reads this file and says what it sets.

    # Values that base_model_name_or_path may have, letter by letter.
    #base: [meta-llama/Llama-3.1-8B, meta-llama/Llama-3.1-8B-Instruct]

    # Rank of every module. Serving slots are padded to the largest rank that is loaded.
    rank:
      max: 512
      #one_of: [8, 16, 32, 64]

    # Alpha of every module, and the scale that follows from it (alpha/r, or alpha/sqrt(r) with rsLoRA): min, max or both,
    # or exact.
    #alpha: {min: 1, max: 256}
    scale: {max: 64}

    # Last components of module names. "allowed" also counts modules whose tensors are replaced as a whole.
    #targets:
    #  allowed: [q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj]
    #  required: [q_proj, v_proj]

    # Types that tensors may be stored in, as safetensors names them.
    #dtype: [BF16, F16]

    # Size of the weights file. KB, MB and GB count in thousands, KiB, MiB and GiB in 1024s.
    bytes: {max: 4GiB}

    # Metadata in the header of the weights file: keys that must be there, and keys that must have a value.
    #metadata:
    #  required: [owner, training_run]
    #  values: {format: pt}

    # What findings weigh: error, warning or note. 'lora-tool rules' lists the rules.
    severity:
      value-zero-delta: error
      #base-name-mismatch: error

    # Rules that do not count, each with the reason. Their findings are still listed, with it.
    #ignore:
    #  target-undeclared: "our trainer writes the embedding as well, see the platform handbook"

    """
}
