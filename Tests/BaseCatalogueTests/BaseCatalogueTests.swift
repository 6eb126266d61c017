import Testing

@testable import BaseCatalogue
