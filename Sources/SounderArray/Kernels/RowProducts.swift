import CKernels

extension Kernels {
  /// leftᵀ right for matrices [rows, m] and [rows, n] of float32 that ``RowProducts/serve(_:_:)``.
  package static func rowProduct(_ left: NDArray, _ right: NDArray, out: NDArray?) -> NDArray {
    let shape: Shape = [left.shape[1], right.shape[1]]
    let isDirect = out.map { $0.isContiguous && $0.shape == shape && $0.dtype == .float32 } ?? false
    let result = isDirect ? out ?? left : NDArray(uninitialized: shape, .float32)
    RowProducts.Part(left, right, additions: 0).write(to: result.floats)
    return Elementwise.deliver(result, out, name: "rowProduct")
  }
}

/// The sums of outer products of rows that make up the gradient of a weight, formed later.
///
/// A rank that computes several virtual shards would write a gradient for each and add them up in memory:
/// for a large weight that takes longer than the multiplications. This keeps the two factors of every shard
/// instead, a copy of a few rows, and forms the gradients of all shards together: a tile of each shard's
/// gradient is computed in registers, and the tiles are added along the tree before anything is written. The
/// bits are those of gradients written and added one by one.
package final class RowProducts {
  /// The factors of one shard.
  struct Part {
    let rows: Int
    let additions: Int
    let (height, width): (Int, Int)
    /// The panels of both factors.
    let left: NDArray
    let right: NDArray

    init(_ left: NDArray, _ right: NDArray, additions: Int) {
      rows = left.shape[0]
      (height, width) = (left.shape[1], right.shape[1])
      self.additions = additions
      self.left = Self.pack(left, width: CK_PRODUCT_HEIGHT)
      self.right = Self.pack(right, width: CK_PRODUCT_WIDTH)
    }

    private static func pack(_ matrix: NDArray, width: Int) -> NDArray {
      let source = matrix.strides[1] == 1 ? matrix : matrix.contiguous()
      let (rows, columns) = (source.shape[0], source.shape[1])
      let panels = NDArray(
        uninitialized: [(columns + width - 1) / width * width * rows], .float32)
      ck_pack_panels_f32(
        panels.floats, source.floats, source.strides[0], rows, columns, width)
      return panels
    }

    /// What the loops read; valid as long as this part.
    var panels: ck_row_part {
      ck_row_part(rows: rows, additions: additions, left: left.floats, right: right.floats)
    }

    /// Writes the sum of this part alone.
    func write(to target: UnsafeMutablePointer<Float>) {
      var sum: UnsafeMutablePointer<Float>? = target
      var part = panels
      part.additions = 0
      ck_row_products_f32(&sum, &part, 1, height, width)
      withExtendedLifetime(self) {}
    }
  }

  private var parts: [Part] = []
  private var shards = 0
  private var additions = 0
  private var isOpen = true

  /// An empty collection.
  package init() {}

  /// Whether products of these factors are formed here.
  ///
  /// Their shapes alone decide, so that the bits are the same wherever a shard is computed.
  package static func serve(_ left: NDArray, _ right: NDArray) -> Bool {
    left.dtype == .float32 && right.dtype == .float32 && left.rank == 2 && right.rank == 2
      && left.shape[0] == right.shape[0] && (1...128).contains(left.shape[0])
      && left.shape[1] >= 64 && right.shape[1] >= 64
      && left.count * right.shape[1] > BLAS.smallProduct && ck_wide_available() != 0
  }

  /// The largest number of sums that may be open at a time.
  package static var mostSums: Int { CK_PRODUCT_DEPTH }

  /// Forgets everything, for a new step.
  package func begin() {
    parts.removeAll(keepingCapacity: true)
    shards = 0
    isOpen = true
  }

  /// Expects the factors of the next shard, whose sum is added to `additions` sums before it.
  package func beginShard(additions: Int) {
    shards += 1
    self.additions = additions
  }

  /// Whether the factors of this shard, and so of all before it, are here.
  package var holdsShard: Bool { !parts.isEmpty && parts.count == shards }

  /// Keeps the factors of this shard.
  ///
  /// - Returns: false if they were to take more memory than the gradient itself, or those of an earlier
  ///   shard are missing.
  package func take(_ left: NDArray, _ right: NDArray) -> Bool {
    let (height, width) = (left.shape[1], right.shape[1])
    let rows = parts.reduce(left.shape[0]) { $0 + $1.rows }
    guard isOpen, parts.count == shards - 1, rows * (height + width) <= height * width else {
      return false
    }
    parts.append(Part(left, right, additions: additions))
    return true
  }

  /// Writes the gradient of this shard alone, if it is kept here, because something is to be added to it.
  package func giveBack(to target: NDArray) {
    guard holdsShard, let part = parts.popLast() else { return }
    part.write(to: target.floats)
  }

  /// Writes the sums of all shards that are kept to `sums`, as many as their additions have left; then
  /// nothing is kept, and nothing is taken for the rest of the step.
  package func form(into sums: [UnsafeMutablePointer<Float>]) {
    guard let first = parts.first else { return }
    let targets = sums.map(Optional.some)
    ck_row_products_f32(targets, parts.map(\.panels), parts.count, first.height, first.width)
    parts.removeAll(keepingCapacity: true)
    isOpen = false
  }
}
