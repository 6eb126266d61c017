import Foundation
import LoRATestSupport
import Testing

/// Files in the repository that are made by the program: each is what it would be if it were made now.
///
/// With `LORA_TOOL_UPDATE_SNAPSHOTS=1` in the environment they are written instead of compared.
@Suite struct GeneratedFileTests {
  @Test func theCommandReferenceIsUpToDate() throws {
    try Snapshot.check(try CommandReference().markdown, "docs/commands.md")
  }

  @Test func theManualPageIsUpToDate() throws {
    try Snapshot.check(try CommandReference().manual, "docs/man/lora-tool.1")
  }

  @Test(.enabled("needs man and groff") { try Program.exist("man", "groff") })
  func theManualPageIsShownWithoutWarnings() throws {
    let result = try Program.shell("MANWIDTH=80 man --warnings -l ../docs/man/lora-tool.1 2>&1 >/dev/null")
    #expect(result.code == 0 && result.output.isEmpty, "\(result.output)")
  }

  @Test(.enabled("needs mandoc") { try Program.exist("mandoc") })
  func theManualPageIsWellFormed() throws {
    let result = try Program.shell("mandoc -T lint -W warning ../docs/man/lora-tool.1")
    #expect(result.code == 0, "\(result.output)")
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func completionsAreMadeByTheProgram(_ shell: String) throws {
    let script = try Program.run(["--generate-completion-script", shell])
    #expect(script.code == 0 && script.errors.isEmpty)
    for word in ["validate", "max-lora-rank", "tensorrt-llm"] { #expect(script.output.contains(word), "\(word)") }
  }

  @Test(arguments: [
    ("lora-tool val", "validate"), ("lora-tool validate --eng", "--engine"),
    ("lora-tool validate --engine s", "sglang"),
    ("lora-tool policy ch", "check"), ("lora-tool validate --base mod", "models"),
    ("lora-tool inspect adap", "adapters"),
    ("lora-tool merge --dtype b", "bf16"),
  ])
  func bashCompletesCommandsOptionsAndValues(_ line: String, _ word: String) throws {
    let result = try Program.shell(
      """
      source <("$TOOL" --generate-completion-script bash)
      COMP_LINE='\(line)'; COMP_POINT=${#COMP_LINE}; COMP_WORDS=($COMP_LINE); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
      COMP_TYPE=9; COMP_KEY=9
      shopt -s extglob progcomp 2>/dev/null
      function=$(complete -p lora-tool | sed 's/.*-F \\([^ ]*\\).*/\\1/')
      "$function" lora-tool "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
      printf '%s\\n' "${COMPREPLY[@]}"
      """)
    let words = result.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    #expect(words.contains { $0 == word || $0 == word + "/" }, "\(line): \(result.output)")
  }
}
