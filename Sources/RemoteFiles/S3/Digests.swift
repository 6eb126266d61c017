import SHA2

/// SHA-256 of bytes in memory.
func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

/// HMAC with SHA-256 (RFC 2104), built on the hash alone.
func hmac(_ key: [UInt8], _ message: [UInt8]) -> [UInt8] {
  let block = 64
  let key = key.count > block ? sha256(key) : key
  let padded = key + [UInt8](repeating: 0, count: block - key.count)
  return sha256(padded.map { $0 ^ 0x5C } + sha256(padded.map { $0 ^ 0x36 } + message))
}

/// Bytes as hexadecimal digits.
func hexadecimal(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
