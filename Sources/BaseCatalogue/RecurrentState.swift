public import JSON

/// What the layers with a state of constant size keep of one sequence: linear attention, state space models and
/// convolutions.
///
/// Formulas and names of fields are those of vLLM 0.33 (`MambaStateShapeCalculator` in
/// `model_executor/layers/mamba/mamba_utils.py`, and `get_mamba_state_shape_from_config` of its classes), and for
/// RecurrentGemma, which vLLM does not run, of transformers 5.24.
public struct RecurrentState: Sendable, Equatable {
  /// Elements of a layer: the inputs that its convolution still needs.
  public let convolution: UInt64
  /// Elements of a layer: the state proper; 0 for layers that are a convolution alone.
  public let recurrent: UInt64
  /// Layers that keep this.
  public let layers: UInt64

  /// Bytes of an element of the state proper: 2, or 4 where it is kept in F32 whatever the type of the model.
  public let recurrentBytes: UInt64

  /// Elements of all layers.
  public var elements: UInt64 { layers * (convolution + recurrent) }

  /// Bytes of all layers of a 16-bit model.
  public var bytes: UInt64 { layers * (2 * convolution + recurrentBytes * recurrent) }

  /// Reads it off a configuration.
  ///
  /// nil where no layer keeps a state, for types without a row here, and where a size is missing, absurd or cannot be
  /// shared by so many devices.
  public init?(_ config: JSONObject, devices: UInt64 = 1) {
    let fields = TextFields(config)
    guard let modelType = fields.modelType, let form = Self.forms[modelType] else { return nil }
    let sizes = StateSizes(fields: fields)
    let layers = LayerMixers(config).map { Size(exactly: $0.stateful) } ?? .invalid
    guard devices > 0, let count = layers.value, count > 0 else { return nil }
    let (convolution, recurrent) = form(sizes, Size(exactly: devices))
    guard let convolution = convolution.value, let recurrent = recurrent.value,
      !count.multipliedReportingOverflow(by: 4 * (convolution + recurrent)).overflow
    else { return nil }
    (self.convolution, self.recurrent, self.layers) = (convolution, recurrent, count)
    recurrentBytes = modelType == "recurrent_gemma" ? 4 : 2
  }
}

extension RecurrentState {
  /// Elements of a convolution's and of a recurrent state on one of several devices.
  private typealias Form = @Sendable (StateSizes, _ devices: Size) -> (convolution: Size, recurrent: Size)

  /// How each type's state is computed.
  private static let forms: [String: Form] = [
    "qwen3_next": deltaNet, "qwen3_5_text": deltaNet, "qwen3_5_moe_text": deltaNet, "olmo_hybrid": deltaNet,
    "jamba": { selective($0, inner: $0.expanded("mamba_expand"), "mamba_d_state", "mamba_d_conv", $1) },
    "mamba": { selective($0, inner: $0.expanded("expand"), "state_size", "conv_kernel", $1) },
    "falcon_mamba": { selective($0, inner: $0.expanded("expand"), "state_size", "conv_kernel", $1) },
    "mamba2": {
      grouped(
        $0, inner: $0.expanded("expand"), "n_groups", "num_heads", "head_dim", "state_size", "conv_kernel", $1)
    },
    "falcon_h1": {
      grouped(
        $0, inner: $0.optional("mamba_d_ssm") ?? $0.expanded("mamba_expand"), "mamba_n_groups", "mamba_n_heads",
        "mamba_d_head", "mamba_d_state", "mamba_d_conv", $1)
    },
    "granitemoehybrid": {
      grouped(
        $0, inner: $0.expanded("mamba_expand"), "mamba_n_groups", "mamba_n_heads", "mamba_d_head", "mamba_d_state",
        "mamba_d_conv", $1)
    },
    "bamba": {
      grouped(
        $0, inner: $0.expanded("mamba_expand"), "mamba_n_groups", "mamba_n_heads", "mamba_d_head", "mamba_d_state",
        "mamba_d_conv", $1)
    },
    "nemotron_h": {
      grouped(
        $0, inner: $0["mamba_num_heads"] * $0["mamba_head_dim"], "n_groups", "mamba_num_heads", "mamba_head_dim",
        "ssm_state_size", "conv_kernel", $1)
    },
    "zamba2": {
      grouped(
        $0, inner: $0.expanded("mamba_expand"), "mamba_ngroups", "n_mamba_heads", "mamba_headdim", "mamba_d_state",
        "mamba_d_conv", $1)
    },
    "kimi_linear": deltaAttention, "bailing_hybrid": deltaAttention, "minimax": lightning,
    "lfm2": shortConvolution, "lfm2_moe": shortConvolution,
    "recurrent_gemma": { sizes, devices in
      // A gated linear recurrence, which no engine shares between devices.
      let width = devices.value == 1 ? sizes.optional("lru_width") ?? sizes["hidden_size"] : .invalid
      return (width * (sizes["conv1d_width"] - 1), width)
    },
  ]

  /// Gated DeltaNet: a convolution over queries, keys and values, and a matrix for every value head.
  private static let deltaNet: Form = { sizes, devices in
    let (keys, values) = (sizes["linear_num_key_heads"], sizes["linear_num_value_heads"])
    let (keyWidth, valueWidth) = (sizes["linear_key_head_dim"], sizes["linear_value_head_dim"])
    let width = keyWidth * keys * 2 + valueWidth * values
    return (
      width.shared(by: devices) * (sizes["linear_conv_kernel_dim"] - 1),
      values.shared(by: devices) * valueWidth * keyWidth
    )
  }

  /// Kimi delta attention: as many heads of queries and keys as of values, all of one width.
  private static let deltaAttention: Form = { sizes, devices in
    let (heads, width) = (sizes["linear_num_heads"], sizes["linear_head_dim"])
    return (
      (heads * width * 3).shared(by: devices) * (sizes["linear_conv_kernel_dim"] - 1),
      heads.shared(by: devices) * width * width
    )
  }

  /// Lightning attention: a matrix for every head.
  private static let lightning: Form = { sizes, devices in
    let heads = sizes["num_attention_heads"]
    let width = sizes.optional("head_dim") ?? sizes["hidden_size"] / heads
    return (0, heads.shared(by: devices) * width * width)
  }

  private static let shortConvolution: Form = { sizes, devices in
    ((sizes.optional("conv_dim") ?? sizes["hidden_size"]).shared(by: devices) * (sizes["conv_L_cache"] - 1), 0)
  }

  /// Mamba: one state vector for every channel.
  private static func selective(
    _ sizes: StateSizes, inner: Size, _ state: String, _ kernel: String, _ devices: Size
  ) -> (Size, Size) {
    let share = inner.shared(by: devices)
    return (share * (sizes[kernel] - 1), share * sizes[state])
  }

  /// Mamba 2: a matrix for every head; groups that do not divide are repeated.
  private static func grouped(
    _ sizes: StateSizes, inner: Size, _ groups: String, _ heads: String, _ width: String, _ state: String,
    _ kernel: String, _ devices: Size
  ) -> (Size, Size) {
    var count = sizes[groups]
    if let number = count.value, let devices = devices.value, number % devices != 0 { count = Size(exactly: devices) }
    let convolved = inner + count * sizes[state] * 2
    return (
      convolved.shared(by: devices) * (sizes[kernel] - 1),
      sizes[heads].shared(by: devices) * (sizes.optional(width) ?? inner / sizes[heads]) * sizes[state]
    )
  }
}

extension Size {
  /// An equal share, which must come out even.
  fileprivate func shared(by devices: Size) -> Size {
    guard let value, let count = devices.value, count > 0, value % count == 0 else { return .invalid }
    return Size(exactly: value / count)
  }
}

/// The sizes that a state is made of: as given, else the default of the configuration class.
private struct StateSizes {
  let fields: TextFields

  subscript(_ name: String) -> Size { optional(name) ?? .invalid }

  /// nil for a size that is null or not given.
  func optional(_ name: String) -> Size? {
    if let given = fields.config[name] {
      // Texts such as "auto" leave it to the library.
      if given.isNull || given.string != nil { return nil }
      return Size(exactly: given.int64.flatMap { UInt64(exactly: $0) })
    }
    guard case .number(let number)? = fields.value(name) else { return nil }
    return Size(exactly: UInt64(exactly: number))
  }

  /// The width of the hidden states times a factor.
  func expanded(_ factor: String) -> Size { self[factor] * self["hidden_size"] }
}
