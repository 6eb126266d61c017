import LoRADeltas
import LoRAIO
import LoRASurgery
import LoRATestSupport
import Safetensors
import TensorCore
import Testing

/// What is written appears whole or not at all.
@Suite struct DraftWriterTests {
  @Test func aFolderIsPublishedWithAllItsFiles() throws {
    let folder = try TemporaryFolder()
    var weights = SafetensorsDraft()
    weights.make([("b", .bf16, Shape([2, 2])), ("a", .f32, Shape([1]))]) { () throws(SurgeryError) in
      [[1, 0, 2, 0, 3, 0, 4, 0], [0, 0, 0x80, 0x3F]]
    }
    let draft = AdapterDraft([try weights.file(named: "w.safetensors"), DraftFile("c.json", .bytes([0x7B, 0x7D]))])
    try DraftWriter().write(draft, folder: folder.path("out"), overwrites: false)
    let file = try SafetensorsFile.open(folder.path("out/w.safetensors"))
    #expect(file.header.tensors.map(\.name) == ["a", "b"])
    #expect(try file.bytes(of: file.header.tensors[1]) == [1, 0, 2, 0, 3, 0, 4, 0])
    #expect(try Folder.names(in: folder.path("out")) == ["c.json", "w.safetensors"])
    #expect(try Folder.names(in: folder.path("")) == ["out"])
  }

  @Test func nothingIsLeftOfOneThatFails() throws {
    let folder = try TemporaryFolder()
    var weights = SafetensorsDraft()
    weights.make([("a", .f32, Shape([1]))]) { () throws(SurgeryError) in throw .cancelled }
    let draft = AdapterDraft([try weights.file(named: "w.safetensors")])
    #expect(throws: SurgeryError.self) {
      try DraftWriter().write(draft, folder: folder.path("out"), overwrites: false)
    }
    #expect(try Folder.names(in: folder.path("")) == [])
  }
}
