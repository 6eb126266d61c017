import Glibc
import LoRACLI

exit(LoRATool.run(Array(CommandLine.arguments.dropFirst())))
