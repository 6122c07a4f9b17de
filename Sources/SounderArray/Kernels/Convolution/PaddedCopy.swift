import CKernels

/// A padded copy of an image: a plane [rows, pitch] for each channel and phase of a stride.
struct PaddedCopy {
  let channels: Int
  let size: (Int, Int)
  let stride: (Int, Int)
  /// What lies before the image; negative where the image begins earlier than the copy.
  let padding: (Int, Int)
  let rows: Int
  let pitch: Int
  let storage: NDArray

  /// Loops read up to 63 elements beyond the last plane.
  private static let slack = 64

  init(
    channels: Int, size: (Int, Int), stride: (Int, Int), padding: (Int, Int), rows: Int,
    pitch: Int
  ) {
    self.channels = channels
    self.size = size
    self.stride = stride
    self.padding = padding
    self.rows = rows
    self.pitch = pitch
    storage = NDArray(
      uninitialized: [channels * stride.0 * stride.1 * rows * pitch + Self.slack], .float32)
    (storage.floats + storage.count - Self.slack).update(repeating: 0, count: Self.slack)
  }

  /// Where a shift by (y, x) in the padded image starts.
  func offset(_ channel: Int, _ y: Int, _ x: Int) -> Int64 {
    let phase = (channel * stride.0 + y % stride.0) * stride.1 + x % stride.1
    return Int64((phase * rows + y / stride.0) * pitch + x / stride.1)
  }

  /// Copies one image [channels, size…].
  func fill(from image: UnsafePointer<Float>) {
    let (size, stride, padding) = (
      [size.0, size.1], [stride.0, stride.1], [padding.0, padding.1]
    )
    ck_convolution_pad_f32(storage.floats, image, channels, size, stride, padding, rows, pitch)
  }
}
