import Testing

@testable import PythonPattern
