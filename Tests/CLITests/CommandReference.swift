import JSON
import LoRATestSupport

/// The pages that are made from what the argument parser knows of the commands: docs/commands.md and the man page.
struct CommandReference {
  /// What the argument parser knows of the program and its commands, asked for once.
  static let known = Result { try Program.run(["--experimental-dump-help"]).json()["command"] ?? .null }

  private let root: JSONValue

  init() throws { root = try Self.known.get() }

  private struct Leaf {
    let name: String
    let command: JSONValue
  }

  /// Commands that do something, in the order of the program's own help.
  private var leaves: [Leaf] { leaves(of: root, "lora-tool").filter { !$0.name.hasSuffix(" help") } }

  private func leaves(of command: JSONValue, _ name: String) -> [Leaf] {
    let below = command["subcommands"]?.array ?? []
    if below.isEmpty { return [Leaf(name: name, command: command)] }
    return below.flatMap { leaves(of: $0, "\(name) \($0["commandName"]?.string ?? "")") }
  }

  /// Arguments of a command that are not the same for all.
  private func own(_ command: JSONValue) -> [JSONValue] {
    arguments(command).filter { !Self.common.contains($0["preferredName"]?["name"]?.string ?? "") }
  }

  private static let common: Set<String> = ["color", "progress", "quiet", "verbose", "version", "help"]

  private func arguments(_ command: JSONValue) -> [JSONValue] {
    (command["arguments"]?.array ?? []).filter { $0["shouldDisplay"] == .bool(true) }
  }

  private func text(_ value: JSONValue?) -> String { value?.string ?? "" }

  /// `-o, --output <file>`, or `<adapter>...`.
  private func title(_ argument: JSONValue) -> String {
    let value = "<\(text(argument["valueName"]))>"
    guard argument["kind"] != .string("positional") else {
      return value + (argument["isRepeating"] == .bool(true) ? "..." : "")
    }
    let names = (argument["names"]?.array ?? []).sorted { text($0["kind"]) > text($1["kind"]) }
      .map { ($0["kind"] == .string("short") ? "-" : "--") + text($0["name"]) }
    return names.joined(separator: ", ") + (argument["kind"] == .string("option") ? " " + value : "")
  }

  private func usage(_ leaf: Leaf) -> String {
    let parts = own(leaf.command).filter { $0["isOptional"] != .bool(true) || $0["kind"] == .string("positional") }
      .map { $0["isOptional"] == .bool(true) ? "[\(title($0))]" : title($0) }
    return ([leaf.name] + parts + ["[options]"]).joined(separator: " ")
  }

  /// What an argument is for, with what it may be.
  private func meaning(_ argument: JSONValue) -> String {
    var text = text(argument["abstract"])
    if let initial = argument["defaultValue"]?.string { text += " Default: \(initial)." }
    if argument["isOptional"] != .bool(true) { text += " Required." }
    return text
  }

  /// Lines of at most 120 characters.
  private func wrapped(_ text: String, _ indent: String) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if indent.count + line.count + word.count >= 119 {
        lines.append(line)
        line = ""
      }
      line += line.isEmpty ? String(word) : " \(word)"
    }
    return (lines + [line]).map { indent + $0 }
  }

  // MARK: Markdown

  /// docs/commands.md.
  var markdown: String {
    var lines = [
      "# Commands", "", "Every command with all of its options, made from the program's own help; see",
      "[CONTRIBUTING.md](CONTRIBUTING.md#generated-files) for how to make it again.", "",
    ]
    lines += leaves.map { "- [`\($0.name)`](#\($0.name.replacing(" ", with: "-"))): \(text($0.command["abstract"]))" }
      .flatMap { wrapped($0, "") }.map { $0.hasPrefix("- ") ? $0 : "  " + $0 }
    lines += ["", "## Options of every command", ""]
    let shared = arguments(leaves[0].command).filter {
      Self.common.contains($0["preferredName"]?["name"]?.string ?? "")
    }
    lines += shared.flatMap(item)
    for leaf in leaves {
      lines += ["", "## \(leaf.name)", ""] + wrapped(text(leaf.command["abstract"]), "")
      lines += ["", "```", usage(leaf), "```", ""]
      let discussion = text(leaf.command["discussion"])
      if !discussion.isEmpty { lines += wrapped(discussion, "") + [""] }
      lines += own(leaf.command).flatMap(item)
      if lines.last == "" { lines.removeLast() }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func item(_ argument: JSONValue) -> [String] {
    let lines = wrapped("`\(title(argument))`: \(meaning(argument))", "  ")
    return ["- " + (lines.first?.dropFirst(2) ?? "")] + lines.dropFirst()
  }

  // MARK: Man page

  /// docs/man/lora-tool.1, in the mdoc language.
  var manual: String {
    var lines = [
      ".\\\" Made from the program's own help; see docs/CONTRIBUTING.md.", ".Dd $Mdocdate$", ".Dt LORA-TOOL 1", ".Os",
      ".Sh NAME", ".Nm lora-tool", ".Nd \(Self.escaped(Self.sentence(text(root["abstract"]))))", ".Sh SYNOPSIS",
    ]
    for leaf in leaves {
      lines += [".Nm", ".Cm \(Self.escaped(String(leaf.name.dropFirst("lora-tool ".count))))", ".Op Ar options", ".Pp"]
    }
    lines.removeLast()
    lines += [".Sh DESCRIPTION"] + paragraph(text(leaves.isEmpty ? nil : root["abstract"]))
    lines += ["Every command has these options:", ".Bl -tag -width Ds"]
    lines += arguments(leaves[0].command).filter {
      Self.common.contains($0["preferredName"]?["name"]?.string ?? "")
    }.flatMap(entry)
    lines += [".El", ".Sh COMMANDS"]
    for leaf in leaves {
      lines += [".Ss \(Self.escaped(String(leaf.name.dropFirst("lora-tool ".count))))"]
      lines += paragraph(text(leaf.command["abstract"]))
      let discussion = text(leaf.command["discussion"])
      if !discussion.isEmpty { lines += [".Pp"] + paragraph(discussion) }
      let entries = own(leaf.command)
      if !entries.isEmpty { lines += [".Bl -tag -width Ds"] + entries.flatMap(entry) + [".El"] }
    }
    lines += [
      ".Sh ENVIRONMENT", ".Bl -tag -width Ds", ".It Ev HF_HOME", "Where the Hugging Face cache is.",
      ".It Ev LORA_TOOL_SIMD", "Instructions to use instead of the best of this processor.", ".It Ev NO_COLOR",
      "No colour unless asked for with", ".Fl -color Cm always .", ".It Ev TMPDIR",
      "Where standard input is kept while it is worked on.", ".El", ".Sh EXIT STATUS", ".Bl -tag -width Ds", ".It 0",
      "Done, and nothing at or above the failing level.", ".It 1", "The check found failing findings.", ".It 2",
      "The work could not be done.", ".It 64", "Wrong usage.", ".El",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  private func entry(_ argument: JSONValue) -> [String] {
    [".It \(argumentMacro(argument))"] + paragraph(meaning(argument))
  }

  private func argumentMacro(_ argument: JSONValue) -> String {
    let value = Self.escaped(text(argument["valueName"]))
    guard argument["kind"] != .string("positional") else { return "Ar \(value)" }
    let names = (argument["names"]?.array ?? []).sorted { text($0["kind"]) > text($1["kind"]) }
      .map { "Fl " + ($0["kind"] == .string("short") ? "" : "-") + Self.escaped(text($0["name"])) }
    return names.joined(separator: " , ") + (argument["kind"] == .string("option") ? " Ar \(value)" : "")
  }

  /// A line for each sentence, as manual pages are written.
  private func paragraph(_ text: String) -> [String] {
    wrapped(text, "").flatMap { line in
      line.replacing(". ", with: ".\n").split(separator: "\n").map { Self.escaped(String($0)) }
    }
  }

  private static func sentence(_ text: String) -> String {
    let text = text.hasSuffix(".") ? String(text.dropLast()) : text
    return (text.first?.lowercased() ?? "") + text.dropFirst()
  }

  /// Text that no formatter takes for a request.
  private static func escaped(_ text: String) -> String {
    let plain = text.replacing("\\", with: "\\e").replacing("…", with: "...")
    return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
  }
}
