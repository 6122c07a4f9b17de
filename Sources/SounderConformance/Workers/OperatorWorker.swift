/// The side of a worker process: reads `NAME FIRST-CASE` lines and runs the cases of these operators.
public protocol OperatorWorker {
  /// Runs the cases of one operator, beginning with number `first`.
  func run(_ name: String, from first: Int)
}

extension OperatorWorker {
  /// Runs until standard input ends.
  public func run() {
    while let line = readLine() {
      let parts = line.split(separator: " ")
      guard parts.count == 2, let first = Int(parts[1]) else { continue }
      run(String(parts[0]), from: first)
    }
  }
}
