import Glibc

/// The sanitizers that the tests may be built with.
public enum Sanitizer {
  /// Whether one is there; its own memory and files are larger than the limits that some tests set with `ulimit`.
  public static let isOn = unsafe (dlsym(nil, "__tsan_init") ?? dlsym(nil, "__asan_init")) != nil
}
