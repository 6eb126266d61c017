import LoRAIO
import LoRAKernels
import LoRAModel
import LoRATestSupport
import Synchronization
import Testing

@testable import LoRADeltas
@testable import LoRASurgery

/// Differences of models that lie on servers, which must not be read again by every pass.
struct RemoteDeltaTests {
  /// The test data as if it were on a server.
  private final class Server: RemoteStore {
    static let place = "https://deltas.invalid/"
    let bytesRead = Mutex(0)

    private static func path(_ path: String) -> String { Fixtures.path(String(path.dropFirst(place.count))) }

    func kind(of path: String) -> FileKind? { FileKind(path: Self.path(path)) }
    func names(in path: String) throws(IOError) -> [String] { try Folder.names(in: Self.path(path)) }
    func open(_ path: String) throws(IOError) -> any FileContents {
      File(file: try InputFile(path: Self.path(path)), server: self)
    }

    struct File: FileContents {
      let file: InputFile
      let server: Server
      var size: UInt64 { file.size }

      func readAvailable(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(IOError) -> Int {
        let count = unsafe try file.readAvailable(into: buffer, at: offset)
        server.bytesRead.withLock { $0 += count }
        return count
      }
    }
  }

  private static func matrices(_ place: String) throws -> [DeltaMatrix] {
    let base = try BaseModel.open(place + "surgery/extract/base")
    let tuned = try BaseModel.open(place + "surgery/extract/tuned")
    return try ModelComparison(
      base: ModelTensors(base, role: "base"), tuned: ModelTensors(tuned, role: "tuned model")
    ).modules.flatMap(\.matrices)
  }

  @Test func aServerIsReadOnceAndTheProductsAreThoseOfTheFiles() throws {
    let server = Server()
    RemotePath.install(server)
    let (here, there) = (try Self.matrices(Fixtures.root + "/"), try Self.matrices(Server.place))
    #expect(!here.isEmpty && here.count == there.count)
    for (local, remote) in zip(here, there) {
      // Both too large to be kept in memory.
      let one = DeltaReader(local, keptBytes: 0, control: SurgeryControl())
      let other = DeltaReader(remote, keptBytes: 0, control: SurgeryControl())
      let panel = ColumnMatrix(
        rows: local.columns, columns: 3, elements: (0..<local.columns * 3).map { Double($0 % 11) - 5 })
      let expected = try one.times(panel)
      #expect(try other.times(panel).elements == expected.elements)
      let read = server.bytesRead.withLock { $0 }
      #expect(read > 0)
      #expect(try other.times(panel).elements == expected.elements)
      #expect(try other.transposedTimes(expected).elements == one.transposedTimes(expected).elements)
      #expect(try other.squaredDistance(from: expected, panel) == one.squaredDistance(from: expected, panel))
      #expect(server.bytesRead.withLock { $0 } == read)
    }
  }
}
