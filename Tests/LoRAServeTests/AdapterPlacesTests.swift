import LoRATestSupport
import Testing

@testable import LoRAServe

@Suite struct AdapterPlacesTests {
  private let folder: TemporaryFolder
  private let places: AdapterPlaces

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("root/good/adapter_config.json", "{}")
    try folder.write("root/good/adapter_model.safetensors", [1])
    try folder.write("root/packed/adapter_model.safetensors.zst", [1])
    try folder.write("other/secret/adapter_model.safetensors", [1])
    try folder.write("rootless/adapter_model.safetensors", [1])
    try folder.link("root/inner", to: "good")
    try folder.link("root/outer", to: "../other/secret")
    try folder.link("root/leaky/adapter_model.safetensors", to: "../../other/secret/adapter_model.safetensors")
    try folder.link("root/hub/adapter_model.safetensors", to: "../good/adapter_model.safetensors")
    places = AdapterPlaces(
      roots: [folder.path("root")], remotes: ["hf", "s3://bucket/adapters", "https://host/a/", "hf://org/name"])
  }

  private func place(_ adapter: String) -> AdapterPlaces.Place? { try? places.place(of: adapter) }

  @Test func pathsBelowARootAreReadWhereTheyLeadTo() {
    let good = folder.path("root/good")
    #expect(place(good) == .local(good, isPacked: false))
    #expect(place(good + "/adapter_model.safetensors") == .local(good + "/adapter_model.safetensors", isPacked: false))
    #expect(place(folder.path("root/inner")) == .local(good, isPacked: false))
    #expect(place(folder.path("root/x/../good")) == nil)
    #expect(place(folder.path("root/good/../packed")) == .local(folder.path("root/packed"), isPacked: true))
    // As the Hugging Face cache lays files out.
    #expect(place(folder.path("root/hub")) == .local(folder.path("root/hub"), isPacked: false))
  }

  @Test(arguments: [
    "other/secret", "rootless", "root/../other/secret", "root/outer", "root/leaky",
    "root/leaky/adapter_model.safetensors", "root/outer/adapter_model.safetensors", "other",
  ])
  func nothingOutsideIsRead(_ name: String) {
    #expect(throws: AdapterPlaces.Refusal.self) { try places.place(of: folder.path(name)) }
  }

  @Test(arguments: [
    "", "good", "./good", "~/good", "/proc/self/environ", "/", "/etc/passwd", "file:///etc/passwd", "a\0b",
  ])
  func otherPathsAreRefused(_ path: String) {
    #expect(throws: AdapterPlaces.Refusal.self) { try places.place(of: path) }
  }

  @Test func whatIsMissingAndWhatIsHiddenAreSaidInTheSameWords() {
    func sentence(_ path: String) -> String? {
      do throws(AdapterPlaces.Refusal) { _ = try places.place(of: path) } catch {
        return error.sentence.replacing(path, with: "")
      }
      return nil
    }
    #expect(sentence(folder.path("other/secret")) == sentence(folder.path("other/nothing")))
    #expect(sentence("/etc/shadow") == sentence("/etc/nothing-of-this-name"))
  }

  @Test func addressesAreThoseThatAreAllowed() {
    #expect(place("huggingface://org/other") == .remote("hf://org/other"))
    #expect(place("HF://org/other@main") == .remote("hf://org/other@main"))
    #expect(place("s3://bucket/adapters/a/b") == .remote("s3://bucket/adapters/a/b"))
    #expect(place("s3://bucket/adapters") == .remote("s3://bucket/adapters"))
    #expect(place("https://host/a/b.safetensors") == .remote("https://host/a/b.safetensors"))
  }

  @Test(arguments: [
    "s3://bucket/adapters2/a", "s3://other/adapters", "https://host.evil/a/b", "https://host@evil/a/b",
    "https://host/b",
    "https://host/a/../b", "https://host/a/%2e%2e/b", "https://host/a/b?x=1", "https://host/a/b#c", "http://host/a/b",
    "http://127.0.0.1/a", "gcs://bucket/a", "ftp://host/a", "file://host/a", "s3://bucket/adapters/../x",
    "https://host/a//b", "https://host/a/\\b", "hf://org/na me", "hf://", "https://host/a/\u{E4}", "://x",
  ])
  func otherAddressesAreRefused(_ address: String) {
    #expect(throws: AdapterPlaces.Refusal.self) { try places.place(of: address) }
  }

  @Test func withoutPlacesNothingIsRead() {
    let none = AdapterPlaces(roots: [])
    for adapter in [folder.path("root/good"), "hf://org/name", "https://host/a"] {
      #expect(throws: AdapterPlaces.Refusal.self) { try none.place(of: adapter) }
    }
  }
}
