// Loops that treat every element on its own.
//
// Strides count elements; 0 repeats one element. An output may be one of the inputs if it has the same
// stride. `parameters` points to two values of the loop's element type, or is NULL.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Operations are numbered by family; a family's loops lie in one file.
enum { CK_FAMILY_SIZE = 32 };

typedef enum : uint32_t {
  CK_NEG, CK_ABS, CK_SIGN, CK_EXP, CK_EXPM1, CK_EXP2, CK_LOG, CK_LOG1P, CK_LOG2, CK_LOG10, CK_SQRT,
  CK_RSQRT, CK_SQUARE, CK_RECIPROCAL, CK_FLOOR, CK_CEIL, CK_TRUNC, CK_ROUND,
  CK_CLAMP,           ///< parameters: lower bound, upper bound
  CK_ROUND_DECIMALS,  ///< parameters: a power of ten, 1 to multiply with it first or -1 to divide
  CK_NAN_TO_NUM,      ///< parameters: for NaN, infinity and -infinity
  CK_CONJ,            ///< complex types only

  CK_SIN = CK_FAMILY_SIZE, CK_COS, CK_TAN, CK_ASIN, CK_ACOS, CK_ATAN, CK_SINH, CK_COSH, CK_TANH,
  CK_ASINH, CK_ACOSH, CK_ATANH,

  CK_ERF = 2 * CK_FAMILY_SIZE, CK_ERFC, CK_LGAMMA, CK_DIGAMMA,
  CK_POLYGAMMA,  ///< parameters: the order

  CK_RELU = 3 * CK_FAMILY_SIZE, CK_SIGMOID, CK_GELU, CK_GELU_TANH, CK_SILU, CK_MISH, CK_LOGSIGMOID,
  CK_HARDSIGMOID, CK_HARDSWISH,
  CK_LEAKY_RELU,  ///< parameters: the slope below zero
  CK_ELU,         ///< parameters: alpha, the scale
  CK_SOFTPLUS,    ///< parameters: beta, the threshold
} ck_unary_op;

typedef enum : uint32_t {
  CK_LOGICAL_NOT, CK_ISNAN, CK_ISINF, CK_ISFINITE, CK_SIGNBIT, CK_PREDICATE_COUNT
} ck_predicate_op;

typedef enum : uint32_t {
  CK_ADD, CK_SUB, CK_MUL, CK_DIV, CK_POW, CK_MAXIMUM, CK_MINIMUM,
  CK_ADD_SCALED,  ///< a + parameters[0] * b

  CK_DIV_FLOOR = CK_FAMILY_SIZE, CK_DIV_TRUNC, CK_REMAINDER, CK_FMOD, CK_ATAN2, CK_LOGADDEXP,
  CK_XLOGY,

  CK_THRESHOLD_BACKWARD = 2 * CK_FAMILY_SIZE,  ///< gradient a, input b, parameters[0] the threshold
  CK_GELU_BACKWARD, CK_GELU_TANH_BACKWARD,     ///< gradient a, input b
  CK_TANH_BACKWARD, CK_SIGMOID_BACKWARD,       ///< gradient a, output b
} ck_binary_op;

typedef enum : uint32_t {
  CK_LERP,     ///< a + c·(b - a)
  CK_ADDCMUL,  ///< a + parameters[0]·b·c
  CK_ADDCDIV,  ///< a + parameters[0]·b/c
  CK_CLAMP_TENSOR,  ///< a limited to [b, c]; NaN if any is
  CK_TERNARY_COUNT
} ck_ternary_op;

typedef enum : uint32_t {
  CK_EQ, CK_NE, CK_LT, CK_LE, CK_GT, CK_GE, CK_LOGICAL_AND, CK_LOGICAL_OR, CK_LOGICAL_XOR,
  CK_COMPARE_COUNT
} ck_compare_op;

typedef void ck_unary_loop(
    void *out, ptrdiff_t out_stride, const void *a, ptrdiff_t a_stride, ptrdiff_t count,
    const void *parameters);
typedef void ck_binary_loop(
    void *out, ptrdiff_t out_stride, const void *a, ptrdiff_t a_stride, const void *b,
    ptrdiff_t b_stride, ptrdiff_t count, const void *parameters);
typedef void ck_ternary_loop(
    void *out, ptrdiff_t out_stride, const void *a, ptrdiff_t a_stride, const void *b,
    ptrdiff_t b_stride, const void *c, ptrdiff_t c_stride, ptrdiff_t count, const void *parameters);
typedef void ck_select_loop(
    void *out, ptrdiff_t out_stride, const uint8_t *condition, ptrdiff_t condition_stride,
    const void *a, ptrdiff_t a_stride, const void *b, ptrdiff_t b_stride, ptrdiff_t count);

/// The loop of an operation on a type, NULL where it does not exist.
ck_unary_loop *ck_unary(ck_unary_op op, uint8_t dtype);
ck_binary_loop *ck_binary(ck_binary_op op, uint8_t dtype);
ck_ternary_loop *ck_ternary(ck_ternary_op op, uint8_t dtype);
/// Comparisons and logic write bytes 0 and 1.
ck_binary_loop *ck_compare(ck_compare_op op, uint8_t dtype);
/// Tests of one element write bytes 0 and 1; NULL for integers, none of which is NaN or infinite.
ck_unary_loop *ck_predicate(ck_predicate_op op, uint8_t dtype);
/// Magnitudes of complex numbers, written as reals of half the size.
ck_unary_loop *ck_complex_abs(uint8_t dtype);
/// Angles of complex numbers, written likewise.
ck_unary_loop *ck_complex_angle(uint8_t dtype);
/// Conversion between two types; to bool: whether the value is non-zero.
ck_unary_loop *ck_convert(uint8_t from, uint8_t to);
/// condition ? a : b for elements of 1, 2, 4, 8 or 16 bytes.
ck_select_loop *ck_select(size_t element_size);
/// Packs columns of a matrix as rows: out[r·width + c] = a[c·stride + r] for r < rows and c < columns.
void ck_pack_transposed(
    void *out, ptrdiff_t width, const void *a, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns,
    size_t element_size);
