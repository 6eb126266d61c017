import Diagnostics
import LoRAEngines
import LoRAIO
import LoRAKernels
import LoRATestSupport
import LoRAValidate
import Safetensors
import TensorCore
import Testing

@testable import LoRAModel

/// Values are read in pieces; what is found must not depend on where the cuts fall.
@Suite struct ValuePassTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func findings(_ builder: SafetensorsBuilder, _ options: ValidationOptions = ValidationOptions()) throws
    -> [Finding]
  {
    var options = options
    options.workers = 2
    let path = try folder.write("\(folder.path.count)-\(UInt64.random(in: 0 ... .max)).safetensors", builder)
    return Validation.run([path], base: nil, options: options).adapters.flatMap(\.findings)
  }

  /// A PEFT adapter of one module whose A has these bytes.
  private func builder(_ dtype: DType, _ shape: [UInt64], _ data: [UInt8], before: Int = 0) -> SafetensorsBuilder {
    var builder = SafetensorsBuilder()
    if before > 0 { builder.add("base_model.model.x.weight", .u8, [UInt64(before)], data: nil) }
    builder.add("base_model.model.layers.0.q_proj.lora_A.weight", dtype, shape, data: data)
    builder.add(
      "base_model.model.layers.0.q_proj.lora_B.weight", .f32, [4, shape[0]],
      values: Array(repeating: 1, count: Int(4 * shape[0])))
    return builder
  }

  /// Bytes that are read at once.
  private static let readSize = 196_608

  /// The first NaN is found at every place around the ends of a read, at any alignment.
  @Test(arguments: [DType.f8e4m3, .bf16, .f32, .f64], [0, 1, 3])
  func nanIsFoundAtEveryCut(_ dtype: DType, _ before: Int) throws {
    let width = Int(dtype.bits / 8)
    let count = 2_000_000 / width / 4 * 4
    let cut = Self.readSize / width
    let nan: [UInt8] =
      switch dtype {
      case .f8e4m3: [0x7F]
      case .bf16: [0xC0, 0x7F]
      case .f32: [0, 0, 0xC0, 0x7F]
      default: [0, 0, 0, 0, 0, 0, 0xF8, 0x7F]
      }
    for index in [0, 1, cut - 1, cut, cut + 1, 2 * cut - 1, 2 * cut, count - 1] {
      var data = [UInt8](repeating: 0x21, count: count * width)
      data.replaceSubrange(index * width..<(index + 1) * width, with: nan)
      data.replaceSubrange((count - 1) * width..<count * width, with: nan)
      let found = try findings(builder(dtype, [4, UInt64(count / 4)], data, before: before))
      let finding = try #require(found.first { $0.rule == .valueNaN })
      #expect(finding.found == "NaN at index \(index)")
      let offset = try #require(finding.byteOffset)
      // The offset leads to the very bytes.
      #expect((offset - UInt64(before)) % 8 == UInt64(index * width) % 8)
    }
  }

  /// Elements of 6 bits straddle bytes; the cuts must not.
  @Test func packedTypesAreCutBetweenElements() throws {
    let bytes = 1_572_864 + 48
    let elements = UInt64(bytes) * 8 / 6
    var data = [UInt8](repeating: 0, count: bytes)
    data[bytes - 1] = 0x04
    let found = try findings(builder(.f6e2m3, [8, elements / 8], data))
    // Not all zero, and nothing but finite values.
    #expect(!found.contains { [.valueZeroModule, .valueZeroDelta, .valueNaN, .valueInf].contains($0.rule) })
  }

  @Test func countsAddUpOverAllPieces() throws {
    let count = 1_200_000
    var values = [Float](repeating: 0.5, count: count)
    var nans = 0
    for index in stride(from: 17, to: count, by: 1009) {
      values[index] = .nan
      nans += 1
    }
    let data = SafetensorsBuilder.bytes(of: values, as: .f32)
    let finding = try #require(
      try findings(builder(.f32, [8, UInt64(count / 8)], data)).first { $0.rule == .valueNaN })
    #expect(finding.message.contains("NaN in \(grouped(UInt64(nans))) of 1,200,000 elements, first at index 17"))
  }

  @Test func headerOnlyReadsNoValues() throws {
    var options = ValidationOptions()
    options.headerOnly = true
    let builder = builder(.f32, [2, 2], SafetensorsBuilder.bytes(of: [.nan, 1, 1, 1], as: .f32))
    #expect(try !findings(builder, options).contains { $0.rule == .valueNaN })
    #expect(try findings(builder).contains { $0.rule == .valueNaN })
  }

  /// A file whose tensors claim the same bytes a thousand times over is refused by its header and never scanned.
  @Test func unsoundFilesAreNotScanned() throws {
    var builder = SafetensorsBuilder()
    for index in 0..<1000 {
      builder.add(
        "base_model.model.layers.\(index).q_proj.lora_A.weight", dtype: "F32", shape: [4, 65_536], begin: 0,
        end: 1_048_576)
    }
    let found = try findings(builder)
    #expect(found.contains { $0.rule == .headerInvalid })
    #expect(!found.contains { $0.rule == .valueZeroDelta || $0.rule == .pairIncomplete })
  }

  /// A disk that fails in the middle is a finding about that adapter alone, with the place.
  @Test func aReadThatFailsIsNamed() throws {
    let bad = try folder.write("bad.safetensors", builder(.f32, [2, 500_000], [UInt8](repeating: 1, count: 4_000_000)))
    let good = try folder.write("good.safetensors", builder(.f32, [2, 50], [UInt8](repeating: 1, count: 400)))
    // The header and the eight pages that tell files apart come before the values.
    Fault.order(.read, path: bad, after: 11, errorNumber: 5)
    defer { Fault.clear(path: bad) }
    let report = Validation.run([bad, good], base: nil, options: ValidationOptions())
    let finding = try #require(report.adapters[0].findings.first { $0.rule == .fileUnreadable })
    #expect(finding.message.contains("input/output error"))
    // The place is where the read that failed began: a whole number of reads behind the header.
    let header =
      try InputFile.contents(of: bad, limit: 1 << 24).prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) } + 8
    let offset = try #require(finding.byteOffset.flatMap { Int(exactly: $0) })
    #expect(offset > header && (offset - header) % Self.readSize == 0, "\(offset) behind \(header)")
    #expect(!report.adapters[1].findings.contains { $0.rule == .fileUnreadable })
  }
}

@Suite struct ServingDTypeTests {
  @Test func roundingIsThatOfTheHardwareTypes() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<100_000 {
      let bits = UInt32.random(in: 0 ... .max, using: &random)
      let value = Double(Float(bitPattern: bits))
      guard value.isFinite else { continue }
      let expected = Float(bitPattern: ((bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16) << 16)
      let isEqual =
        ServingDType.f16.rounded(value) == Double(Float16(value)) && ServingDType.f32.rounded(value) == value
        && ServingDType.bf16.rounded(value) == Double(expected)
      // An expectation for each of them would take most of the time.
      if !isEqual { Issue.record("\(value)") }
    }
  }

  @Test func thresholdsAreExact() {
    #expect(ServingDType.f16.rounded(65_519.999) == 65_504)
    #expect(ServingDType.f16.rounded(65_520).isInfinite)
    let last = Double(Float(bitPattern: 0x7F7F_7FFF))
    #expect(ServingDType.bf16.rounded(last) == Double(Float(bitPattern: 0x7F7F_0000)))
    #expect(ServingDType.bf16.rounded(Double(Float(bitPattern: 0x7F7F_8000))).isInfinite)
    #expect(ServingDType.f32.rounded(Double(Float.greatestFiniteMagnitude)) == Double(Float.greatestFiniteMagnitude))
    #expect(ServingDType.f32.rounded(1e39).isInfinite)
    #expect(ServingDType.bf16.rounded(-1e39) == -.infinity)
    #expect(ServingDType.bf16.rounded(0) == 0)
  }
}
