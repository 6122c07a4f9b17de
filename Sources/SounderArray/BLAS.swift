import COpenBLAS

/// The settings of the BLAS library that multiplies matrices.
public enum BLAS {
  private static let configured: Void = openblas_set_num_threads(1)

  /// Sets one thread, once, before the first product.
  @inline(__always)
  static func configure() { _ = configured }

  /// How many threads a product may use; 1 unless set.
  ///
  /// A process per core with one thread each beats threads inside BLAS, so that is the default.
  public static var threadCount: Int {
    get {
      configure()
      return Int(openblas_get_num_threads())
    }
    set {
      configure()
      require(newValue > 0, "BLAS.threadCount: \(newValue) is not a positive number")
      openblas_set_num_threads(Int32(newValue))
    }
  }

  /// The largest number of multiplications for which OpenBLAS packs nothing (0.3.17 and later, AVX-512); no loops
  /// that pack are faster then.
  static let smallProduct = 1_000_000

  /// The family of kernels in use (`Cooperlake`, `Haswell`, …).
  ///
  /// It follows the processor, or the environment's `OPENBLAS_CORETYPE`; another family gives other
  /// last bits.
  public static var kernelName: String { String(cString: openblas_get_corename()) }
}
