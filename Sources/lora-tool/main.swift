import Glibc
import LoRACLI

exit(LoRATool.run(commandLine: CommandLine.arguments))
