// Loops that treat every element on its own.
//
// Strides count elements; 0 repeats one element. An output may be one of the inputs if it has the same
// stride. `parameters` points to two values of the loop's element type, or is NULL.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef enum : uint32_t {
  CK_NEG, CK_ABS, CK_SIGN, CK_EXP, CK_LOG, CK_LOG1P, CK_SQRT, CK_RSQRT, CK_SQUARE, CK_RECIPROCAL,
  CK_SIN, CK_COS, CK_TANH, CK_SIGMOID, CK_ERF, CK_RELU, CK_GELU, CK_GELU_TANH, CK_SILU,
  CK_CLAMP,  ///< parameters: lower bound, upper bound
  CK_CONJ,   ///< complex types only
  CK_UNARY_COUNT
} ck_unary_op;

typedef enum : uint32_t {
  CK_ADD, CK_SUB, CK_MUL, CK_DIV, CK_POW, CK_MAXIMUM, CK_MINIMUM,
  CK_ADD_SCALED,          ///< a + parameters[0] * b
  CK_THRESHOLD_BACKWARD,  ///< gradient a, input b, parameters[0] the threshold
  CK_GELU_BACKWARD, CK_GELU_TANH_BACKWARD,      ///< gradient a, input b
  CK_TANH_BACKWARD, CK_SIGMOID_BACKWARD,        ///< gradient a, output b
  CK_BINARY_COUNT
} ck_binary_op;

typedef enum : uint32_t {
  CK_EQ, CK_NE, CK_LT, CK_LE, CK_GT, CK_GE, CK_COMPARE_COUNT
} ck_compare_op;

typedef void ck_unary_loop(
    void *out, ptrdiff_t out_stride, const void *a, ptrdiff_t a_stride, ptrdiff_t count,
    const void *parameters);
typedef void ck_binary_loop(
    void *out, ptrdiff_t out_stride, const void *a, ptrdiff_t a_stride, const void *b,
    ptrdiff_t b_stride, ptrdiff_t count, const void *parameters);
typedef void ck_select_loop(
    void *out, ptrdiff_t out_stride, const uint8_t *condition, ptrdiff_t condition_stride,
    const void *a, ptrdiff_t a_stride, const void *b, ptrdiff_t b_stride, ptrdiff_t count);

/// The loop of an operation on a type, NULL where it does not exist.
ck_unary_loop *ck_unary(ck_unary_op op, uint8_t dtype);
ck_binary_loop *ck_binary(ck_binary_op op, uint8_t dtype);
/// Comparisons write bytes 0 and 1.
ck_binary_loop *ck_compare(ck_compare_op op, uint8_t dtype);
/// Writes 1 where the element is zero.
ck_unary_loop *ck_logical_not(uint8_t dtype);
/// Magnitudes of complex numbers, written as reals of half the size.
ck_unary_loop *ck_complex_abs(uint8_t dtype);
/// Conversion between two types; to bool: whether the value is non-zero.
ck_unary_loop *ck_convert(uint8_t from, uint8_t to);
/// condition ? a : b for elements of 1, 2, 4, 8 or 16 bytes.
ck_select_loop *ck_select(size_t element_size);
