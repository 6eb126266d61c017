import Diagnostics
import Testing

@Suite struct TextTests {
  @Test func tablesAlign() {
    var table = TextTable([("a", .left), ("n", .right)])
    table.add(["xyz", "5"])
    table.add(["x", "1,000"])
    #expect(table.lines() == ["a        n", "xyz      5", "x    1,000"])
  }
}
