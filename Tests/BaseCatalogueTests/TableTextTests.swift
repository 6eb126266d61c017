import Testing

@testable import BaseCatalogue

/// What generated tables look like, as the compiler never does.
struct TableTextTests {
  @Test func entriesAreFoundByName() {
    let table = TableText("= a\none\n two = 2\n= empty\n= last\nx\n=y")
    #expect(Set(table.names) == ["a", "empty", "last"])
    #expect(table["a"] == "one\n two = 2")
    #expect(table["empty"] == "")
    #expect(table["last"] == "x\n=y")
    #expect(table["b"] == nil)
    #expect(table["on"] == nil)
  }

  @Test func theLastEntryMayBeEmpty() {
    let table = TableText("= é")
    #expect(table["é"] == "")
    #expect(Array(table.names) == ["é"])
  }
}
