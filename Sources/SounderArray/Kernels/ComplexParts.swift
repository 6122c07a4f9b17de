import CKernels

extension Kernels {
  /// The complex conjugate of a complex array, a copy of any other.
  public static func conjPhysical(_ self: NDArray) -> NDArray {
    self.dtype.isComplex ? Elementwise.unary(CK_CONJ, self, nil, "conj_physical") : self.copied()
  }

  /// A view of complex numbers as pairs of reals, in a last dimension of 2.
  public static func viewAsReal(_ self: NDArray) -> NDArray {
    require(self.dtype.isComplex, "view_as_real: \(self.dtype.name) is not complex")
    var shape = self.shape
    var strides = Strides(self.strides.map { $0 * 2 })
    shape.append(2)
    strides.append(1)
    return NDArray(
      storage: self.storage, dtype: self.dtype.realType, offset: self.offset * 2, shape: shape,
      strides: strides)
  }

  /// A view of pairs of reals, in a last dimension of 2, as complex numbers.
  public static func viewAsComplex(_ self: NDArray) -> NDArray {
    require(
      self.dtype == .float32 || self.dtype == .float64,
      "view_as_complex: not defined for \(self.dtype.name)")
    let last = self.rank - 1
    require(
      last >= 0 && self.shape[last] == 2,
      "view_as_complex: the last dimension of \(self.shape) is not 2")
    let isPaired =
      self.strides[last] == 1 && self.offset % 2 == 0
      && self.strides.dropLast().allSatisfy { $0 % 2 == 0 }
    require(
      isPaired, "view_as_complex: strides \(self.strides) do not keep the two parts together")
    return NDArray(
      storage: self.storage, dtype: self.dtype.complexType, offset: self.offset / 2,
      shape: Shape(self.shape.dropLast()), strides: Strides(self.strides.dropLast().map { $0 / 2 }))
  }

  /// The angle of complex numbers, in (-π, π]; π for negative reals, 0 for others.
  public static func angle(_ self: NDArray) -> NDArray {
    if self.dtype.isComplex {
      let result = NDArray(uninitialized: self.shape, self.dtype.realType)
      Elementwise.run(ck_complex_angle(self.dtype.rawValue), result, self)
      return result
    }
    let real = self.cast(to: self.dtype.inexact)
    let zero = NDArray(scalar: 0, real.dtype)
    let angles = `where`(lt(real, 0), NDArray(scalar: .float(.pi), real.dtype), zero)
    return `where`(isnan(real), real, angles)
  }
}
