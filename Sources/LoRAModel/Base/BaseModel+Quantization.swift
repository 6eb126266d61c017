package import JSON
import QuantizedWeights
import TensorCore

extension BaseModel {
  /// How its weights are quantised, as a clause such as `nf4, 4.5 bits a weight`; nil when they are not.
  package var quantizationText: String? {
    guard let quantized, let bits = quantized.bitsPerWeight else {
      return quantization.map { escaped($0, limit: 40) }
    }
    let names = quantized.formats.map(\.name).joined(separator: ", ")
    return "\(names), \(fixed(bits, 2)) bits a weight"
  }

  /// `method`, the `formats` with the numbers of their weights, `bits_per_weight` with scales and zero points counted,
  /// and the `problems` that keep weights from being dequantised; nil when nothing speaks of a quantisation.
  package var quantizationJSON: JSONValue? {
    guard quantization != nil || quantized?.weights.isEmpty == false else { return nil }
    var formats = JSONObject()
    for (name, count) in quantized?.formats ?? [] { formats[name] = JSONValue(count) }
    return [
      "method": JSONValue(quantization), "formats": .object(formats),
      "bits_per_weight": JSONValue(quantized?.bitsPerWeight),
      "problems": .array(
        (quantized?.problems ?? []).map { ["tensor": .string($0.tensor), "message": .string($0.reason)] }),
    ]
  }

  /// Bytes of all weights as a config alone describes them: 16 bits for each, less for those that it says are
  /// quantised; nil when sizes or the format are not known.
  package var describedBytes: UInt128? {
    guard let parameters else { return nil }
    guard quantization != nil else { return UInt128(parameters) * 2 }
    guard let bits = quantizationConfig?.nominalBits else { return nil }
    var codes: UInt128 = 0
    for module in modules.values where module.isQuantized { codes += UInt128(module.shape.elementCount ?? 0) }
    codes = min(codes, UInt128(parameters))
    return (UInt128(parameters) - codes) * 2 + UInt128(Double(codes) * bits / 8)
  }

  private var quantizationConfig: QuantizationConfig? { QuantizationConfig(config: config, folder: "") }
}
