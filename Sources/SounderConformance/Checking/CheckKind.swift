/// What is compared with PyTorch.
public enum CheckKind: String, CaseIterable, Sendable {
  case values
  case gradients
  case secondOrder = "second order"
  case forwardMode = "forward mode"
}
