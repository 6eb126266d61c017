import Foundation
import LoRATestSupport
import LoRATokenizer
import Testing

/// One tokenizer is one tokenizer, whichever library wrote its folder.
@Suite struct SpellingTests {
  private static let bases = ["bert", "gpt2", "llama", "llama3", "qwen", "unigram"]
  /// As published, and as trainers with transformers 4 and 5 save it beside an adapter.
  private static let spellings = ["base", "v4", "v5"]

  @Test(arguments: bases, spellings) func spellingsDoNotDiffer(_ base: String, _ spelling: String) throws {
    let own = try #require(TokenizerReader().read(Fixtures.path("tokenizers/\(base)/\(spelling)")))
    #expect(own.problems.isEmpty && own.hasVocabulary)
    for other in Self.spellings {
      let other = try #require(TokenizerReader().read(Fixtures.path("tokenizers/\(base)/\(other)")))
      let differences = own.differences(from: other)
      #expect(differences.isEmpty, "\(differences)")
      #expect(differences.sameCount >= 110)
    }
  }

  /// What a fleet tells tokenizers apart by is the same for libraries of both generations.
  @Test(arguments: bases) func savedOnesShareAFingerprint(_ base: String) throws {
    let reader = TokenizerReader()
    let four = try #require(reader.read(Fixtures.path("tokenizers/\(base)/v4")))
    let five = try #require(reader.read(Fixtures.path("tokenizers/\(base)/v5")))
    #expect(four.fingerprint == five.fingerprint)
    #expect(four.templateFingerprint == five.templateFingerprint)
    #expect((four.templateFingerprint != nil) == ["llama3", "qwen"].contains(base))
  }

  /// A reader that has seen a base reads what it shares with an adapter no second time, to the same effect.
  @Test(arguments: bases) func whatIsKnownIsReadTheSame(_ base: String) throws {
    let reader = TokenizerReader()
    for spelling in Self.spellings {
      let path = Fixtures.path("tokenizers/\(base)/\(spelling)")
      let known = try #require(reader.read(path))
      let fresh = try #require(TokenizerReader().read(path))
      #expect(known.differences(from: fresh).isEmpty && known.tokens?.count == fresh.tokens?.count)
      #expect(known.fingerprint == fresh.fingerprint)
    }
  }
}
