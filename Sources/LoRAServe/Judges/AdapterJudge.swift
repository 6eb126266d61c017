import JSON
import LoRAIO
import LoRAValidate
import TensorCore

/// Finds out where an adapter lies, and has it judged in the right process.
///
/// A header of a local file is read in this process, in milliseconds and bounded memory. What may take long, a server or
/// gigabytes of values, is judged apart, where it can be ended.
package struct AdapterJudge: Judge {
  /// Judges a question whose adapter may be read.
  package typealias Apart = @Sendable (Question, _ seconds: Double) -> Judgement

  private let places: AdapterPlaces
  private let local: LocalJudge
  private let apart: Apart

  /// A judge for the adapters at these places.
  package init(places: AdapterPlaces, local: LocalJudge, apart: @escaping Apart) {
    self.places = places
    self.local = local
    self.apart = apart
  }

  /// Answers a question.
  package func judge(_ question: Question, within seconds: Double) -> Judgement {
    if let name = question.base, local.bases[name] == nil {
      return .unjudged(LocalJudge.unknownBase(name, local.bases.keys.ordered()))
    }
    let place: AdapterPlaces.Place
    do throws(AdapterPlaces.Refusal) { place = try places.place(of: question.adapter) } catch {
      return .unjudged(error.sentence)
    }
    if question.wantsFolder, Self.isFile(place) {
      return .unjudged("\(escaped(question.adapter)) is a file, and what loads it takes the folder of an adapter")
    }
    var question = question
    switch place {
    case .local(let path, let isPacked):
      if local.options.headerOnly && !isPacked { return local.judge(question, at: path) }
      question.adapter = path
    case .remote(let address): question.adapter = address
    }
    return apart(question, seconds)
  }

  /// Whether a place is one file, as far as its name tells for an address.
  private static func isFile(_ place: AdapterPlaces.Place) -> Bool {
    switch place {
    case .local(let path, _): FileKind(path: path) != .folder
    case .remote(let address): [".safetensors", ".zst", ".bpz", ".bin"].contains { address.hasSuffix($0) }
    }
  }
}
