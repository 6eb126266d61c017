import LoRAModel
import LoRASurgery
import PythonPattern
import TensorCore

/// Values of modules as a config says them: one for all, and entries of a pattern for the others.
enum PatternTable {
  /// Entries that give every module its value where `usual` is the value of all others, no two of which match one
  /// module.
  ///
  /// Modules whose last part has one value everywhere share an entry; the others get one each, by a name that every
  /// release of PEFT matches: without its first part, unless that would match another module.
  static func entries<Value: Hashable>(_ values: [(name: String, value: Value)], usual: Value)
    -> [(key: String, value: Value)]
  {
    let leaves = Dictionary(grouping: values) { $0.name.lastComponent }
    var entries: [(key: String, value: Value)] = []
    var written: Set<Substring> = []
    var owners: [Substring: Int] = [:]
    for (name, _) in values { for ending in name.suffixesAfterDots { owners[ending, default: 0] += 1 } }
    for (name, value) in values {
      let leaf = name.lastComponent
      let all = leaves[leaf] ?? []
      if all.allSatisfy({ $0.value == value }) {
        if value != usual, written.insert(leaf).inserted { entries.append((PatternKeys.escaped(leaf), value)) }
      } else if value != usual {
        let short = name.suffixesAfterDots.max { $0.utf8.count < $1.utf8.count } ?? name[...]
        entries.append((PatternKeys.escaped(owners[short] == 1 ? short : name[...]), value))
      }
    }
    return entries
  }

  /// Whether a text is no regular expression.
  static func isBroken(_ pattern: String) -> Bool {
    do throws(PatternError) {
      _ = try PythonPattern(pattern)
      return false
    } catch {
      return true
    }
  }
}
