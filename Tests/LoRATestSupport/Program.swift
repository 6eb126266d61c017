import Foundation
import Glibc
public import JSON

/// The built program, run as a user would.
public enum Program {
  /// What a run left behind.
  public struct Result: Sendable {
    /// Exit code, or the negative number of the signal that ended it.
    public let code: Int32
    /// Standard output as text.
    public let output: String
    /// Standard error as text.
    public let errors: String

    /// Standard output as the one JSON document that it must be.
    public func json() throws -> JSONValue { try JSONValue(parsing: Array(output.utf8)) }
  }

  /// The path of something that was built, which lies beside the test bundle that is running.
  public static func built(_ name: String) -> String {
    let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: executable).deletingLastPathComponent().appendingPathComponent(name).path
  }

  /// The program.
  public static let path = built("lora-tool")

  /// The fake driver of GPUs, for the environment variable `LORA_TOOL_LIBCUDA`.
  public static let fakeCUDA = built("libFakeCUDA.so")

  /// The library that stands between the program and the kernel, for `LD_PRELOAD`.
  public static let faultyKernel = built("libFaultyKernel.so")

  /// Runs the program to its end, in the folder `testdata` unless told otherwise.
  public static func run(_ arguments: [String], in folder: String = Fixtures.root, environment: [String: String] = [:])
    throws -> Result
  {
    let process = try start(arguments, in: folder, environment: environment)
    return process.wait()
  }

  /// A run that is still going on.
  public struct Running: @unchecked Sendable {
    fileprivate let process: Process
    fileprivate let output: URL
    fileprivate let errors: URL

    /// The process id, for signals.
    public var id: Int32 { process.processIdentifier }

    /// Whether it has not ended yet.
    public var isRunning: Bool { process.isRunning }

    /// Standard error so far.
    public var errorsSoFar: String { text(errors) }

    /// Waits for the end.
    public func wait() -> Result {
      process.waitUntilExit()
      let code = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
      defer {
        try? FileManager.default.removeItem(at: output)
        try? FileManager.default.removeItem(at: errors)
      }
      return Result(code: code, output: text(output), errors: text(errors))
    }

    private func text(_ file: URL) -> String {
      String(decoding: (try? Data(contentsOf: file)) ?? Data(), as: UTF8.self)
    }
  }

  /// Lets programs be interrupted also where the tests themselves run behind a shell, which has them ignore SIGINT: what is
  /// started would ignore it, too.
  private static let signalsAreHeard: Void = {
    for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_DFL) }
  }()

  /// Starts the program; its output goes to files, so that it never waits for a reader.
  public static func start(
    _ arguments: [String], in folder: String = Fixtures.root, environment: [String: String] = [:]
  ) throws -> Running {
    signalsAreHeard
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    let place = FileManager.default.temporaryDirectory
    let output = place.appendingPathComponent(UUID().uuidString)
    let errors = place.appendingPathComponent(UUID().uuidString)
    for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    return Running(process: process, output: output, errors: errors)
  }

  /// Whether the machine has all of these programs, for traits that say what a test needs.
  public static func exist(_ names: String...) throws -> Bool {
    try shell("command -v \(names.joined(separator: " "))").output.split(separator: "\n").count == names.count
  }

  /// Runs a line of shell in which `$TOOL` is the program.
  public static func shell(_ line: String, in folder: String = Fixtures.root) throws -> Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", line]
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ProcessInfo.processInfo.environment.merging(["TOOL": path]) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Result(code: process.terminationStatus, output: String(decoding: data, as: UTF8.self), errors: "")
  }
}
