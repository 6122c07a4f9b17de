import Foundation

/// Calls the system, again when a signal interrupted it, and turns a failure into an error.
///
/// `advice` says what the user can do; it follows the name of the call and the system's reason.
@discardableResult
package func systemCall<Result: SignedInteger>(
  _ name: String, rank: Int? = nil, advice: @autoclosure () -> String = "", _ body: () -> Result
) throws -> Result {
  while true {
    let result = body()
    if result != -1 { return result }
    let code = errno
    if code == EINTR { continue }
    throw CommunicationError.system(code, call: name, rank: rank, advice: advice())
  }
}

extension CommunicationError {
  /// The error of a system call that returned `code`.
  static func system(
    _ code: Int32, call: String, rank: Int? = nil, advice: String = ""
  ) -> CommunicationError {
    let reason = "\(call) failed: \(String(cString: strerror(code))) (errno \(code))"
    return CommunicationError(
      .system(errno: code, call: call), rank: rank,
      advice.isEmpty ? reason : "\(reason); \(advice)")
  }
}
