import SounderTrace

/// Records a forward operator that began at `begun`, with the number of its node, so that a trace can
/// pair it with its derivative; out of line, because it runs only while operators are traced.
@inline(never) func recordOperator(
  _ name: EventName, _ begun: UInt64, _ node: Node?, _ result: Tensor?
) {
  Trace.endOperator(
    .operatorForward, name, begin: begun, sequence: node?.sequence ?? 0,
    elements: result?.count ?? 0)
}
