import Safetensors

extension Rule {
  /// The weights file cannot be opened or read.
  static let fileUnreadable = Rule(
    .fileUnreadable, "The weights file cannot be read",
    meaning: """
      There is no file at the path, it may not be read, it is a folder, pipe or device, it is empty, or a read failed \
      half-way. Nothing else about the adapter could be checked.
      """,
    consequence: """
      A server that is told to load the adapter answers its first request with an error, minutes after the deploy \
      looked done.
      """,
    remedy: """
      Check the path, the permissions of the service account and the mount. An empty file is what an interrupted \
      upload or a full disk leaves: export or copy it again.
      """,
    repair: .no("there is nothing to read."),
    example: """
      error  file-unreadable  the file cannot be read: no such file or folder
             file: adapters/support-de/adapter_model.safetensors
      """)
}
