/// The computations on arrays: pure functions that know nothing of gradients.
///
/// A kernel is named as the operator it implements (PyTorch's name in camel case) and takes the
/// operator's arguments in the order of the schema, without labels. Kernels with a parameter `out` write
/// there instead of allocating: it must have the shape of the result, may be strided, may be of
/// another type the result can be converted to, may be one of the inputs, and is returned.
/// Kernels never touch a storage's version counter; whoever calls one with a destination does.
public enum Kernels {}
