extension Kernels {
  /// Matrices with the elements above a diagonal set to zero.
  public static func tril(_ self: NDArray, _ diagonal: Int = 0, out: NDArray? = nil) -> NDArray {
    triangle(self, out, "tril") { row, columns in
      0..<Swift.min(Swift.max(row + diagonal + 1, 0), columns)
    }
  }

  /// Matrices with the elements below a diagonal set to zero.
  public static func triu(_ self: NDArray, _ diagonal: Int = 0, out: NDArray? = nil) -> NDArray {
    triangle(self, out, "triu") { row, columns in
      Swift.min(Swift.max(row + diagonal, 0), columns)..<columns
    }
  }

  /// Copies the range of columns of each row that is kept into zeros.
  private static func triangle(
    _ self: NDArray, _ out: NDArray?, _ name: StaticString,
    _ kept: (_ row: Int, _ columns: Int) -> Range<Int>
  ) -> NDArray {
    require(
      self.rank >= 2, "\(name): expects matrices, not shape \(self.shape)")
    let source = self.contiguous()
    let result = zeros(self.shape, self.dtype)
    let (rows, columns) = (self.shape[self.rank - 2], self.shape[self.rank - 1])
    let size = self.dtype.byteSize
    for line in 0..<(columns == 0 ? 0 : self.count / columns) {
      let range = kept(line % rows, columns)
      let start = line * columns + range.lowerBound
      result.address(start).copyMemory(
        from: source.address(start), byteCount: range.count * size)
    }
    return Elementwise.deliver(result, out, name: name)
  }
}
