/// The characters of a text and their numbers: Unicode scalars, sorted.
public struct Vocabulary: Sendable, Equatable {
  /// The characters in the order of their numbers.
  public let characters: [Unicode.Scalar]
  private let numbers: [Unicode.Scalar: Int32]

  /// A vocabulary of the given characters, sorted, each once.
  public init(_ characters: some Sequence<Unicode.Scalar>) {
    let sorted = Set(characters).sorted()
    self.characters = sorted
    numbers = Dictionary(
      uniqueKeysWithValues: sorted.enumerated().map { ($1, Int32($0)) })
  }

  /// The number of characters.
  public var count: Int { characters.count }

  /// The number of a character, or nil if it is not in the vocabulary.
  public func number(of character: Unicode.Scalar) -> Int32? { numbers[character] }

  /// A character as a message can show it.
  static func shown(_ character: Unicode.Scalar) -> String {
    let code = String(character.value, radix: 16, uppercase: true)
    let padded = String(repeating: "0", count: max(0, 4 - code.count)) + code
    let isPrintable =
      !character.properties.isWhitespace && character.properties.generalCategory != .control
    return isPrintable ? "'\(character)' (U+\(padded))" : "U+\(padded)"
  }
}

extension Vocabulary {
  /// Reads the vocabulary that a run has left.
  ///
  /// - Throws: ``DataError`` when the file is missing or damaged.
  public init(contentsOf path: String) throws(DataError) {
    let bytes = try InputFile(path: path).bytes()
    let text: String?
    do throws(JSONError) {
      text = try JSONValue(parsing: bytes)["characters"]?.string
    } catch {
      throw DataError(path: path, place: .byte(error.offset), problem: error.problem)
    }
    guard let text, !text.isEmpty else {
      throw DataError(path: path, problem: "there is no text under 'characters'")
    }
    self.init(text.unicodeScalars)
    guard text.unicodeScalars.elementsEqual(characters) else {
      throw DataError(path: path, problem: "the characters are not sorted, or occur twice")
    }
  }

  /// Writes the vocabulary, for programs that use the model without its data.
  public func write(to path: String) throws(FileError) {
    let text = String(String.UnicodeScalarView(characters))
    try AtomicFile.write(JSONValue.object(["characters": .string(text)]).pretty, to: path)
  }
}

extension InputFile {
  /// The whole file.
  func bytes() throws(DataError) -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 16)
    defer { buffer.deallocate() }
    let count = try read(into: buffer)
    return Array(buffer[..<count])
  }
}
