import Foundation

/// Questions to libraries that are part of this process, asked by symbol name.
///
/// The array layer does not pass on what it never needs; the dynamic linker knows it anyway.
enum LoadedLibrary {
  /// OpenBLAS's version and build options.
  static var openBLASConfiguration: String {
    guard let symbol = dlsym(nil, "openblas_get_config") else { return "unknown" }
    typealias Function = @convention(c) () -> UnsafePointer<CChar>?
    let configuration = unsafeBitCast(symbol, to: Function.self)
    return configuration().map { String(cString: $0) } ?? "unknown"
  }
}
