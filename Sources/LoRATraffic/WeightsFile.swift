import JSON
import LoRAIO

extension Traffic {
  /// Adapter names and weights from a JSON object of positive numbers.
  public static func weights(from path: String) throws(TrafficError) -> (names: [String], weights: [Double]) {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: try InputFile.contents(of: path, limit: 64 << 20))
    } catch let error as IOError {
      throw .io(error)
    } catch {
      throw .weights(path: path, reason: "\(error)")
    }
    guard let object = value.object else { throw .weights(path: path, reason: "expected an object") }
    var weights: [Double] = []
    for (name, weight) in object.members {
      guard let number = weight.double, number >= 0, number < 1e15 else {
        throw .weights(path: path, reason: "the weight of \"\(escaped(name))\" is not a number from 0 on")
      }
      weights.append(number)
    }
    guard weights.contains(where: { $0 > 0 }) else { throw .weights(path: path, reason: "no weight is above 0") }
    return (object.keys, weights)
  }
}
