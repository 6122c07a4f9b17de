#if MPI
  import Testing

  @testable import SounderComm

  @Suite("Settings of Open MPI")
  struct OpenMPISettingsTests {
    @Test(
      "A send buffer is asked for where that is more than the system's own choice",
      arguments: [
        // The limit of many distributions: twice that is less than what the system takes by itself.
        (212_992, 4_194_304, nil),
        (4_194_304, 4_194_304, 4_194_304),
        (2_097_152, 4_194_304, nil),
        (3_000_000, 4_194_304, 3_000_000),
        (33_554_432, 4_194_304, 4_194_304),
        (33_554_432, 33_554_432, nil),
        (nil, 4_194_304, nil),
        (4_194_304, nil, nil),
      ] as [(Int?, Int?, Int?)])
    func sendBuffer(limit: Int?, ownChoice: Int?, bytes: Int?) {
      #expect(OpenMPISettings.sendBufferBytes(limit: limit, ownChoice: ownChoice) == bytes)
    }
  }
#endif
