// The element types, numbered as DType in SounderArray.
#pragma once

enum {
  CK_BOOL, CK_UINT8, CK_INT32, CK_INT64, CK_FLOAT16, CK_BFLOAT16,
  CK_FLOAT32, CK_FLOAT64, CK_COMPLEX64, CK_COMPLEX128,
  CK_DTYPE_COUNT
};
