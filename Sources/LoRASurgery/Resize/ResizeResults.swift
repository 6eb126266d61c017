import Synchronization

/// The outcomes of modules, which threads fill in.
package final class ResizeResults: Sendable {
  private let outcomes = Collected<ModuleOutcome>()
  private let count: Int

  init(count: Int) { self.count = count }

  subscript(index: Int) -> ModuleOutcome? {
    get { outcomes[index] }
    set { outcomes[index] = newValue }
  }

  /// All outcomes, once everything is written.
  package var outcome: ResizeOutcome { ResizeOutcome((0..<count).compactMap { outcomes[$0] }) }
}
