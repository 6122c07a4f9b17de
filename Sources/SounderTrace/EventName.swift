import Foundation

/// The name of an event: the address of a text that lives as long as the process.
///
/// A literal costs nothing, as its text lies in the program. Names that are only known at run time are
/// interned once and kept.
///
/// ```swift
/// Trace.span(.wait, "gradient bucket", 3) { … }
/// let name = EventName(interning: node.name)
/// ```
@frozen public struct EventName: Sendable, BitwiseCopyable, Hashable, ExpressibleByStringLiteral {
  /// The address of the text, which ends with a zero byte.
  public let address: UInt

  /// The name in a literal.
  @inlinable public init(stringLiteral value: StaticString) {
    address = UInt(bitPattern: value.utf8Start)
  }

  /// The name with a text that is only known at run time; takes a lock, so call it once and keep it.
  public init(interning text: String) { address = InternedTexts.shared.address(of: text) }

  /// The name's UTF-8 bytes, ending with a zero.
  public var bytes: UnsafePointer<CChar>? { UnsafePointer(bitPattern: address) }

  /// The name's text.
  public var text: String { bytes.map { String(cString: $0) } ?? "" }
}

/// Texts of names made at run time, one copy of each.
private final class InternedTexts: @unchecked Sendable {
  // @unchecked: guarded by `lock`.
  static let shared = InternedTexts()
  private let lock = NSLock()
  private var addresses: [String: UInt] = [:]

  func address(of text: String) -> UInt {
    lock.withLock {
      if let address = addresses[text] { return address }
      let copy = UInt(bitPattern: strdup(text))
      addresses[text] = copy
      return copy
    }
  }
}
