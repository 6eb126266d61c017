import Testing

/// A page taken apart as strictly as XML would be: every element closed, every attribute quoted, no stray `<` or `&`.
struct PageReader {
  /// An element, with the text directly and indirectly in it.
  struct Element {
    let name: String
    let attributes: [String: String]
    var text = ""
  }

  /// What is wrong with a page.
  struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  /// All elements in the order of their start tags.
  private(set) var elements: [Element] = []

  init(_ page: String) throws {
    var rest = page[...]
    guard rest.hasPrefix("<!DOCTYPE html>") else { throw Problem(description: "no document type") }
    rest = rest.dropFirst(15)
    var open: [Int] = []
    while let start = rest.firstIndex(of: "<") {
      try add(String(rest[..<start]), to: open)
      guard let end = rest[start...].firstIndex(of: ">") else { throw Problem(description: "an open tag at the end") }
      let tag = rest[rest.index(after: start)..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("/") {
        guard let last = open.popLast(), elements[last].name == tag.dropFirst() else {
          throw Problem(description: "</\(tag.dropFirst())> closes \(open.last.map { elements[$0].name } ?? "nothing")")
        }
        continue
      }
      elements.append(try Self.element(tag))
      if !tag.hasSuffix("/") { open.append(elements.count - 1) }
    }
    guard open.isEmpty else { throw Problem(description: "\(elements[open[0]].name) is never closed") }
  }

  private mutating func add(_ text: String, to open: [Int]) throws {
    if let name = open.last.map({ elements[$0].name }), name == "style" || name == "script" {
      elements[open[open.count - 1]].text += text
      return
    }
    let plain = try Self.plain(text)
    for index in open { elements[index].text += plain }
  }

  private static func element(_ tag: Substring) throws -> Element {
    var tag = tag.hasSuffix("/") ? tag.dropLast() : tag
    let name = tag.prefix { $0.isLetter || $0.isNumber }
    guard !name.isEmpty else { throw Problem(description: "<\(tag)>") }
    tag = tag.dropFirst(name.count)
    var attributes: [String: String] = [:]
    while let first = tag.first {
      guard first == " " else { throw Problem(description: "<\(name)\(tag)>") }
      tag = tag.dropFirst()
      let key = tag.prefix { $0 != "=" }
      tag = tag.dropFirst(key.count)
      guard tag.hasPrefix("=\""), let end = tag.dropFirst(2).firstIndex(of: "\"") else {
        throw Problem(description: "<\(name) … \(key)\(tag)>")
      }
      guard attributes.updateValue(try plain(String(tag.dropFirst(2)[..<end])), forKey: String(key)) == nil else {
        throw Problem(description: "\(key) twice in \(name)")
      }
      tag = tag[tag.index(after: end)...]
    }
    return Element(name: String(name), attributes: attributes)
  }

  private static func plain(_ text: String) throws -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.firstIndex(of: "&") {
      result += rest[..<start]
      guard let end = rest[start...].firstIndex(of: ";"),
        let meant = ["&amp": "&", "&lt": "<", "&gt": ">", "&quot": "\"", "&#39": "'"][String(rest[start..<end])]
      else { throw Problem(description: "an unknown entity in \(text.prefix(80))") }
      result += meant
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  func all(_ name: String) -> [Element] { elements.filter { $0.name == name } }

  /// What must hold for every page, for readers that see it and for those that hear it.
  func checkStructure() throws {
    let ids = elements.compactMap { $0.attributes["id"] }
    #expect(Set(ids).count == ids.count, "ids are used twice")
    for element in elements {
      if let target = element.attributes["href"] {
        #expect(target.hasPrefix("#") && ids.contains(String(target.dropFirst())), "\(target) leads nowhere")
      }
      for key in ["aria-labelledby", "aria-describedby"] {
        if let target = element.attributes[key] { #expect(ids.contains(target), "\(target) is no id") }
      }
      #expect(element.attributes["style"] == nil && element.attributes["src"] == nil, "\(element)")
      #expect(!element.attributes.keys.contains { $0.hasPrefix("on") }, "\(element)")
      if element.name == "th" { #expect(["row", "col"].contains(element.attributes["scope"]), "\(element)") }
      if element.name == "svg" {
        #expect(element.attributes["aria-label"] != nil || element.attributes["aria-hidden"] == "true")
      }
    }
    #expect(all("table").count == all("caption").count)
    #expect(["main", "header", "footer", "h1", "title"].allSatisfy { all($0).count == 1 })
    var level = 1
    for element in elements where ["h1", "h2", "h3", "h4"].contains(element.name) {
      let next = try #require(element.name.last?.wholeNumberValue)
      #expect(next <= level + 1, "\(element.text) skips a level")
      level = next
    }
  }
}
