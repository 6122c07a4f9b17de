import SounderTrain
import Testing

@testable import SounderConformance

@Suite("The report")
struct ConformanceReportTests {
  private static func outcome(_ id: String, _ failures: String?...) -> CaseOutcome {
    let checks = zip(CheckKind.comparisons, failures).map {
      CaseOutcome.Check(kind: $0, failure: $1)
    }
    return CaseOutcome(id: id, checks: checks)
  }

  private static let report = ConformanceReport(operators: [
    ConformanceReport.Operator(
      name: "add", outcomes: (0..<2000).map { outcome("add/\($0)", nil, nil) }),
    ConformanceReport.Operator(
      name: "mul",
      outcomes: [
        outcome("mul/0", nil, "off"), outcome("mul/1", "gone", "gone"), outcome("mul/2", "other"),
      ]),
  ])

  @Test("The text has a row for each operator, its first failures and the total")
  func text() {
    #expect(
      Self.report.text(failures: 2) == """
        operator        values     gradients         cases
        add          2000/2000     2000/2000     2000/2000
        mul                1/3           0/2           0/3
          mul/0: gradients: off
          mul/1: values, gradients: gone
          … and 1 further failing cases
        2,000 of 2,003 cases passed

        """)
    #expect(Self.report.text(failures: 0).contains("mul/2: values: other"))
  }

  @Test("The JSON object has every failing case")
  func json() throws {
    let mul = try #require(Self.report.json["operators"]?.array?[1])
    #expect(mul["passed"] == 0 && mul["total"] == 3)
    #expect(mul["checks"]?["gradients"] == ["passed": 0, "total": 2])
    #expect(mul["failures"]?.array?.count == 3)
    #expect(mul["failures"]?.array?[0]["checks"] == ["values": true, "gradients": "off"])
  }
}
