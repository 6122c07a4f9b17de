/// What `sounder --version` prints.
enum Version {
  static let number = "0.1.0"

  static var text: String {
    #if MPI
      "sounder \(number) (with MPI)"
    #else
      "sounder \(number) (without MPI)"
    #endif
  }
}
