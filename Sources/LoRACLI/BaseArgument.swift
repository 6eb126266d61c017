import LoRAModel
import TensorCore

/// Opens the base model of a command line, or says in one sentence why it cannot be used.
func openBase(_ path: String) throws(Failure) -> BaseModel {
  do throws(BaseModelError) {
    return try BaseModel.open(path)
  } catch {
    throw Failure("\(error)")
  }
}
