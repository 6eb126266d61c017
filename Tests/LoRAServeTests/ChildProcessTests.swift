import Glibc
import LoRAIO
import LoRATestSupport
import Testing

@testable import LoRAServe

@Suite struct ChildProcessTests {
  private func run(_ line: String, input: String = "", limit: Int = 1 << 20, within seconds: Double = 20)
    -> ChildProcess.Outcome
  {
    ChildProcess.run(["/bin/sh", "-c", line], input: Array(input.utf8), outputLimit: limit, within: seconds)
  }

  @Test func inputOutputAndCodeAreThoseOfTheProgram() {
    let large = String(repeating: "0123456789", count: 30_000)
    #expect(run("cat | wc -c", input: large) == .ended(code: 0, output: Array("300000\n".utf8)))
    #expect(run("head -c 200000 /dev/zero") == .ended(code: 0, output: [UInt8](repeating: 0, count: 200_000)))
    #expect(run("exit 3") == .ended(code: 3, output: []))
    #expect(run("kill -9 $$") == .ended(code: -9, output: []))
    // One that reads nothing; programs ignore the signal of a pipe without a reader.
    signal(SIGPIPE, SIG_IGN)
    #expect(run("exec 0<&-", input: large) == .ended(code: 0, output: []))
    #expect(ChildProcess.run(["/no/such/program"], input: [], outputLimit: 1, within: 1) == .notStarted)
  }

  @Test(arguments: ["exec sleep 60", "exec >&-; exec sleep 60", "echo a; exec sleep 60"])
  func oneThatTakesTooLongIsKilled(_ line: String) {
    let start = CurrentProcess.monotonicSeconds
    #expect(run(line, within: 0.3) == .tooLong)
    #expect(CurrentProcess.monotonicSeconds - start < 20)
  }

  @Test func oneThatWritesTooMuchIsKilled() {
    #expect(run("yes", limit: 100_000) == .tooMuch)
  }

  @Test func aJudgeWithoutItsProcessJudgesNothing() {
    for line in ["exit 1", "echo '{}'", "echo x", "exec sleep 60"] {
      let judge = ProcessJudge(command: ["/bin/sh", "-c", line])
      guard case .unjudged = judge.judge(Question(adapter: "/a"), within: 0.5) else {
        Issue.record("\(line) was taken for a judgement")
        continue
      }
    }
  }
}
