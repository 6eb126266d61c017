import JSON
import TensorCore

/// Why a configuration could not be turned into a list of modules.
package enum CatalogueError: Error, Sendable, Equatable, CustomStringConvertible {
  /// No architecture of this name is known. This is no fault of the configuration.
  case unknownModelType(String)
  /// A value is missing or not what the architecture needs; `path` is the JSON path, such as `text_config.hidden_size`.
  case value(path: String, expected: String, found: String)
  /// A value for which it is not known what the library builds. This is no fault of the configuration either.
  case unknownValue(path: String, found: String, modelType: String)
  /// The sizes in the configuration give this module a negative, undefined or absurdly large dimension.
  case size(module: String)
  /// More modules than `BaseDescription.moduleLimit`.
  case tooManyModules(limit: Int)

  /// One sentence.
  package var description: String {
    switch self {
    case .unknownModelType(let name):
      "the model type \"\(escaped(name))\" is not in the architecture catalogue"
    case .value(let path, let expected, let found):
      "\(escaped(path)) must be \(expected) but is \(found)"
    case .unknownValue(let path, let found, let modelType):
      "\(escaped(path)) is \(found), and what that means for the model type \"\(escaped(modelType))\" is not in the"
        + " architecture catalogue"
    case .size(let module):
      "the sizes in the configuration give \(escaped(module)) a dimension that is negative, undefined or above 2^40"
    case .tooManyModules(let limit):
      "the configuration asks for more than \(grouped(UInt64(limit))) modules"
    }
  }
}
