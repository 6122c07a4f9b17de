import SchemaLanguage
import Testing

@testable import DerivativeGenerator

/// The generated functions of one operator of each kind.
@Suite struct EmittedFunctionTests {
  @Test("TG-03: A product: each factor is saved only for the other's gradient")
  func mul() {
    let file = Declarations(
      """
      - func: mul.Tensor(Tensor self, Tensor other) -> Tensor
        doc: Multiplies.
        self: grad * other
        other: grad * self
        result: selfT * otherP + selfP * otherT
      """)
    #expect(file.errors == [])
    #expect(
      file.function == """
        /// Multiplies.
        ///
        /// Schema: `mul.Tensor(Tensor self, Tensor other) -> Tensor`.
        /// - Parameter other: A tensor.
        public func mul(_ other: Tensor) -> Tensor {
          let begun = Trace.beginOperator()
          let result = Tensor(Kernels.mul(self.array, other.array))
          if Modes.recording {
            let needsSelf = self.requiresGrad
            let needsOther = other.requiresGrad
            if needsSelf || needsOther {
              let node = MulTensorBackward(
                other: needsSelf ? SavedTensor(input: other) : SavedTensor(),
                self_: needsOther ? SavedTensor(input: self) : SavedTensor())
              node.connect(0, self)
              node.connect(1, other)
              node.attach(result)
            }
          }
          if begun != 0 { recordOperator("mul.Tensor", begun, result.node, result) }
          if Modes.forward {
            let modes = Modes.suspendForward()
            defer { Modes.restore(modes) }
            if self.tangent != nil || other.tangent != nil {
              let selfT = self.tangentOrZero
              let otherT = other.tangentOrZero
              result.addTangent(selfT * other + self * otherT)
            }
          }
          return result
        }
        """)
  }

  @Test("A sum keeps a shape, not the tensor")
  func sum() {
    let file = Declarations(
      """
      - func: sum.dim_IntList(Tensor self, int[]? dim=None, *, ScalarType? dtype=None) -> Tensor
        doc: Sums.
        self: expandReduced(grad, self.shape, dim)
        result: auto_linear
      """)
    #expect(file.errors == [])
    #expect(
      file.function == """
        /// Sums.
        ///
        /// Schema: `sum.dim_IntList(Tensor self, int[]? dim=None, *, ScalarType? dtype=None) -> Tensor`.
        /// - Parameters:
        ///   - dim: A list of integers or nil, nil by default.
        ///   - dtype: An element type or nil, nil by default.
        public func sum(dim: [Int]? = nil, dtype: DType? = nil) -> Tensor {
          let begun = Trace.beginOperator()
          let result = Tensor(Kernels.sum(self.array, dim, dtype))
          if Modes.recording && self.requiresGrad && result.dtype.isDifferentiable {
            let node = SumDimIntListBackward(selfShape: self.shape, dim: dim)
            node.connect(0, self)
            node.attach(result)
          }
          if begun != 0 { recordOperator("sum.dim_IntList", begun, result.node, result) }
          if Modes.forward {
            let modes = Modes.suspendForward()
            defer { Modes.restore(modes) }
            if self.tangent != nil {
              result.addTangent(self.tangentOrZero.sum(dim: dim, dtype: dtype))
            }
          }
          return result
        }
        """)
  }

  @Test("TG-02: A group of gradients is computed by one formula")
  func layerNorm() {
    let file = Declarations(
      """
      - func: native_layer_norm(Tensor input, Tensor? weight) -> (Tensor output, Tensor mean)
        doc: Normalises.
        input, weight: layerNormGradients(grad, input, weight, mean, needs)
        output_differentiability: [true, false]
      """)
    #expect(file.errors == [])
    #expect(
      file.function == """
        /// Normalises.
        ///
        /// Schema: `native_layer_norm(Tensor input, Tensor? weight) -> (Tensor output, Tensor mean)`.
        /// - Parameter weight: A tensor or nil.
        public func nativeLayerNorm(_ weight: Tensor?) -> (output: Tensor, mean: Tensor) {
          let begun = Trace.beginOperator()
          let (outputArray, meanArray) = Kernels.nativeLayerNorm(self.array, weight?.array)
          let output = Tensor(outputArray)
          let mean = Tensor(meanArray)
          if Modes.recording {
            let needsInput = self.requiresGrad
            let needsWeight = (weight?.requiresGrad ?? false)
            if needsInput || needsWeight {
              let node = NativeLayerNormBackward(
                input: SavedTensor(input: self),
                weight: SavedTensor(input: weight))
              node.connect(0, self)
              node.connect(1, weight)
              node.attach(output)
              node.mean = SavedTensor(input: mean)
            }
          }
          if begun != 0 { recordOperator("native_layer_norm", begun, output.node, output) }
          if Modes.forward {
            require(!(self.tangent != nil || weight?.tangent != nil), "native_layer_norm: no forward-mode formula")
          }
          return (output, mean)
        }
        """)
  }

  @Test("A list of tensors has as many edges as tensors")
  func cat() {
    let file = Declarations(
      """
      - func: cat(Tensor[] tensors, int dim=0) -> Tensor
        doc: Joins.
        tensors: catGradients(grad, tensors.shapes, dim)
        result: Tensor.cat(tensorsT, dim)
      """)
    #expect(file.errors == [])
    #expect(
      file.function == """
        /// Joins.
        ///
        /// Schema: `cat(Tensor[] tensors, int dim=0) -> Tensor`.
        /// - Parameters:
        ///   - tensors: A list of tensors.
        ///   - dim: An integer, 0 by default.
        public static func cat(_ tensors: [Tensor], dim: Int = 0) -> Tensor {
          let begun = Trace.beginOperator()
          let result = Tensor(Kernels.cat(tensors.map { $0.array }, dim))
          if Modes.recording && tensors.contains(where: { $0.requiresGrad }) {
            let node = CatBackward(
              tensorsShapes: tensors.map { $0.shape },
              dim: dim,
              tensorsCount: tensors.count)
            for (index, tensor) in tensors.enumerated() {
              node.connect(index, tensor)
            }
            node.attach(result)
          }
          if begun != 0 { recordOperator("cat", begun, result.node, result) }
          if Modes.forward {
            let modes = Modes.suspendForward()
            defer { Modes.restore(modes) }
            if tensors.contains(where: { $0.tangent != nil }) {
              let tensorsT = tensors.map { $0.tangentOrZero }
              result.addTangent(Tensor.cat(tensorsT, dim))
            }
          }
          return result
        }
        """)
  }

  @Test("TG-13: An operator in place saves its result after the change")
  func relu() {
    let file = Declarations(
      """
      - func: relu(Tensor self) -> Tensor
        doc: Rectifies.
        self: grad.thresholdBackward(result, 0)
        result: auto_elementwise
        inplace: true
      """)
    #expect(file.errors == [])
    #expect(
      file.inPlaceFunction == """
        /// Rectifies.
        ///
        /// Writes the result into this tensor and returns it.
        /// Schema: `relu_(Tensor self) -> Tensor`.
        /// - Throws: ``AutogradError`` if this tensor is a leaf that requires a gradient, or a view of one.
        @discardableResult
        public func relu_() throws -> Tensor {
          if try requireInPlace(self, "relu_") {
            return rewrite(self.clone().relu(), "relu_")
          }
          var recorded: ReluBackward?
          if Modes.recording && self.requiresGrad {
            let node = ReluBackward()
            node.connect(0, self)
            recorded = node
          }
          let original = Modes.forward ? self.clone() : self
          let begun = Trace.beginOperator()
          _ = Kernels.relu(self.array, out: self.array)
          self.incrementVersion()
          if begun != 0 { recordOperator("relu_", begun, recorded, self) }
          if let node = recorded {
            self.replaceHistory(node, slot: 0)
            node.result = SavedTensor(output: self, slot: 0)
          }
          if Modes.forward { self.clearTangent() }
          if Modes.forward {
            let modes = Modes.suspendForward()
            defer { Modes.restore(modes) }
            if let selfT = original.tangent?.conj() {
              self.addTangent((selfT.thresholdBackward(self, 0)).conj())
            }
          }
          return self
        }
        """)
  }

  @Test("TG-13: An operator in place keeps a copy of the old value for its formula")
  func pow() {
    let file = Declarations(
      """
      - func: pow.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor
        doc: Raises.
        self: powGradient(grad, self, exponent)
        inplace: true
      """)
    #expect(file.errors == [])
    #expect(
      file.inPlaceFunction == """
        /// Raises.
        ///
        /// Writes the result into this tensor and returns it.
        /// Schema: `pow_.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor`.
        /// - Parameter exponent: A number.
        /// - Throws: ``AutogradError`` if this tensor is a leaf that requires a gradient, or a view of one.
        @discardableResult
        public func pow_(_ exponent: Scalar) throws -> Tensor {
          if try requireInPlace(self, "pow_") {
            return rewrite(self.clone().pow(exponent), "pow_")
          }
          var recorded: PowTensorScalarBackward?
          if Modes.recording && self.requiresGrad {
            let node = PowTensorScalarBackward(self_: SavedTensor(input: self.clone()), exponent: exponent)
            node.connect(0, self)
            recorded = node
          }
          let original = Modes.forward ? self.clone() : self
          let begun = Trace.beginOperator()
          _ = Kernels.pow(self.array, exponent, out: self.array)
          self.incrementVersion()
          if begun != 0 { recordOperator("pow_", begun, recorded, self) }
          if let node = recorded {
            self.replaceHistory(node, slot: 0)
          }
          if Modes.forward {
            require(!(original.tangent != nil), "pow.Tensor_Scalar: no forward-mode formula")
          }
          return self
        }
        """)
  }

  @Test("A view remembers its base")
  func transpose() {
    let file = Declarations(
      """
      - func: transpose.int(Tensor self, int dim0, int dim1) -> Tensor
        doc: Exchanges two dimensions.
        self: grad.transpose(dim0, dim1)
        view: true
      """)
    #expect(file.errors == [])
    #expect(
      file.function == """
        /// Exchanges two dimensions.
        ///
        /// The result shares its memory with this tensor.
        /// Schema: `transpose.int(Tensor self, int dim0, int dim1) -> Tensor`.
        /// - Parameters:
        ///   - dim0: An integer.
        ///   - dim1: An integer.
        public func transpose(_ dim0: Int, _ dim1: Int) -> Tensor {
          let begun = Trace.beginOperator()
          let result = Tensor(Kernels.transpose(self.array, dim0, dim1))
          result.markView(of: self)
          if Modes.recording && self.requiresGrad {
            let node = TransposeIntBackward(dim0: dim0, dim1: dim1)
            node.connect(0, self)
            node.attach(result)
          }
          if begun != 0 { recordOperator("transpose.int", begun, result.node, result) }
          if Modes.forward {
            require(!(self.tangent != nil), "transpose.int: no forward-mode formula")
          }
          return result
        }
        """)
  }

  @Test("TG-05: A comparison has no node")
  func eq() {
    let file = Declarations(
      """
      - func: eq.Scalar(Tensor self, Scalar other) -> Tensor
        doc: Compares.
        nondifferentiable: all
      """)
    #expect(file.errors == [])
    #expect(
      file.function == """
        /// Compares.
        ///
        /// Schema: `eq.Scalar(Tensor self, Scalar other) -> Tensor`.
        /// - Parameter other: A number.
        public func eq(_ other: Scalar) -> Tensor {
          let begun = Trace.beginOperator()
          let result = Tensor(Kernels.eq(self.array, other))
          if begun != 0 { recordOperator("eq.Scalar", begun, nil, result) }
          return result
        }
        """)
  }

  @Test("TG-09: A stream of random numbers is passed on; a mask has no gradient")
  func dropout() {
    let file = Declarations(
      """
      - func: native_dropout(Tensor input, float p, RandomStream stream) -> (Tensor output, Tensor mask)
        doc: Drops.
        input: dropoutGradient(grad, mask, p)
        output_differentiability: [true, false]
      """)
    #expect(file.errors == [])
    #expect(
      file.function == """
        /// Drops.
        ///
        /// Schema: `native_dropout(Tensor input, float p, RandomStream stream) -> (Tensor output, Tensor mask)`.
        /// - Parameters:
        ///   - p: A real number.
        ///   - stream: A stream of random numbers.
        public func nativeDropout(_ p: Double, _ stream: RandomStream) -> (output: Tensor, mask: Tensor) {
          let begun = Trace.beginOperator()
          let (outputArray, maskArray) = Kernels.nativeDropout(self.array, p, stream)
          let output = Tensor(outputArray)
          let mask = Tensor(maskArray)
          if Modes.recording && self.requiresGrad {
            let node = NativeDropoutBackward(p: p)
            node.connect(0, self)
            node.attach(output)
            node.mask = SavedTensor(input: mask)
          }
          if begun != 0 { recordOperator("native_dropout", begun, output.node, output) }
          if Modes.forward {
            require(!(self.tangent != nil), "native_dropout: no forward-mode formula")
          }
          return (output, mask)
        }
        """)
  }

  @Test("TG-11: A composite operator is its expression, with the receiver for the first argument")
  func crossEntropy() {
    let file = Declarations(
      """
      - func: cross_entropy(Tensor input, Tensor target, *, str reduction='mean') -> Tensor
        doc: Loses.
        composite: reduce(input.logSoftmax(1).nllLoss(target), reduction)
        nondifferentiable: [target]
        samples:
          - {input: [3, 4], target: {values: [0, 3, 1], dtype: int64}, reduction: sum}
      """)
    #expect(file.errors == [])
    #expect(
      file.function == """
        /// Loses.
        ///
        /// Schema: `cross_entropy(Tensor input, Tensor target, *, str reduction='mean') -> Tensor`.
        /// - Parameters:
        ///   - target: A tensor.
        ///   - reduction: A name, "mean" by default.
        public func crossEntropy(_ target: Tensor, reduction: String = "mean") -> Tensor {
          reduce(self.logSoftmax(1).nllLoss(target), reduction)
        }
        """)
  }
}
