import Glibc
import LoRACLI
import Synchronization

// The command is parsed, and its errors are said, as in the program `lora-tool`; here it is also run.
ServeCommand.server.withLock { $0 = { command in try ServeProgram(command).run() } }
exit(LoRATool.run(commandLine: ["lora-tool", "serve"] + CommandLine.arguments.dropFirst()))
