/// The umbrella: `import Sounder` gives all of the libraries.
@_exported import SounderArray
@_exported import SounderAutograd
@_exported import SounderComm
@_exported import SounderNN
@_exported import SounderParallel
@_exported import SounderTrace
@_exported import SounderTrain
