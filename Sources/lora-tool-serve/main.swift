import Glibc
import LoRACLI

// The command is parsed, and its errors are said, as in the program `lora-tool`; here it is also run.
ServeProgram.takeCommands()
exit(LoRATool.run(commandLine: ["lora-tool", "serve"] + CommandLine.arguments.dropFirst()))
